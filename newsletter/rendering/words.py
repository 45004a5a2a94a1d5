"""The few words that the renderers put beside the author's, the same in mail, text and web."""

from __future__ import annotations

from datetime import date

SOURCE = "Source"
OBJECTION = "Objection"
MEMBERS = "For members"
PICTURE = "Picture"
NOTES = "Notes"
TABLE = "Table"
BACK_TO_TEXT = "Back to the text"

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


_NUMBERS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
}


def members_passage(words: int) -> str:
    """What free readers see where a members' part of `words` words stands."""
    return f"This part ({_amount(words)}) is for members."


def members_nuggets(nuggets: int, words: int) -> str:
    """What free readers are told of `nuggets` members' nuggets of together `words` words; "" for none."""
    if not nuggets:
        return ""
    what = "one more nugget" if nuggets == 1 else f"{_NUMBERS.get(nuggets, nuggets)} more nuggets"
    return f"Members also get {what} in this issue, {_amount(words)}."


def _amount(words: int) -> str:
    """A number of words as people say it: to the nearest ten."""
    return f"about {max(10, round(words, -1)):,} words"


def day(value: date, language: str) -> str:
    """A date as readers of `language` write it: English in words, other languages in ISO 8601."""
    tag = language.lower()
    if tag == "en-us":
        return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"
    if tag.partition("-")[0] == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return value.isoformat()


def direction(language: str) -> str:
    """ "rtl" for languages written from right to left, else "ltr"."""
    return "rtl" if language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
