"""The fixed words of mail and page in the publication's language: phrases, dates, numbers, direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel.numbers import format_decimal
from markupsafe import Markup, escape

from newsletter.dates import day, locale_of

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


class Phrase(str):
    """A few words; where they have names in braces, calling the phrase fills those in."""

    __slots__ = ()

    def __call__(self, **values: object) -> str:
        """The phrase with its names filled in: as HTML where one of the values is HTML, else as text."""
        if any(hasattr(value, "__html__") for value in values.values()):
            return Markup(escape(str(self))).format(**values)  # noqa: S704 - it has just been escaped
        return self.format(**values)


@dataclass(frozen=True)
class Words:
    """The phrases of one language by name, as in a theme's words.toml, and what is written its own way."""

    language: str
    phrases: Mapping[str, Phrase]

    def __getitem__(self, name: str) -> Phrase:
        return self.phrases[name]

    def day(self, value: date) -> str:
        """A date in words, as readers of the language write it; ISO 8601 where we do not know how."""
        return day(value, self.language)

    def number(self, value: int) -> str:
        """A number with the language's separators: 1,210."""
        locale = locale_of(self.language)
        return str(format_decimal(value, locale=locale)) if locale else str(value)

    def members_passage(self, words: int) -> str:
        """What free readers see where a members' part of `words` words stands."""
        return self["members_passage"](words=self._rounded(words))

    def members_nuggets(self, nuggets: int, words: int) -> str:
        """What free readers are told of `nuggets` members' nuggets of together `words` words; "" for none."""
        if not nuggets:
            return ""
        if nuggets == 1:
            return self["members_nugget"](words=self._rounded(words))
        small = self["small_numbers"].split()
        count = small[nuggets - 2] if nuggets - 2 < len(small) else self.number(nuggets)
        return self["members_nuggets"](count=count, words=self._rounded(words))

    def _rounded(self, words: int) -> str:
        """A number of words as people say it: to the nearest ten."""
        return self.number(max(10, round(words, -1)))


def direction(language: str) -> str:
    """ "rtl" for languages written from right to left, else "ltr"."""
    return "rtl" if language.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
