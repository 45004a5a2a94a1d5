"""Takes characters out of a text that no reader can see and that no mail or page should carry."""

from __future__ import annotations

import re
import unicodedata

from newsletter.errors import Level, Problem

# C0 controls but tab and line feed, DEL and C1 controls, the bidirectional embeddings, overrides and isolates
# (they reorder what stands around them, also outside the text; the plain marks U+200E/200F stay, because
# Hebrew and Arabic need them), lone surrogates and noncharacters. The two Unicode separators become spaces.
_UNWANTED = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_SEPARATORS = "\u2028\u2029"
_LINE_ENDS = re.compile(r"\r\n?")


def clean(text: str) -> str:
    """`text` without the control, bidirectional override and other invisible characters listed above."""
    # a quick look first: nothing that is unwanted is printable, and hardly anything else is not
    return text if text.isprintable() else _UNWANTED.sub(_replacement, text)


def clean_source(text: str, file: str) -> tuple[str, list[Problem]]:
    """The text of a file with LF line ends, no byte order mark and no unwanted characters.

    Every unwanted character becomes a warning with its line and name, because somebody's editor or clipboard
    put it there unseen. Line numbers stay those of the file.
    """
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    if _UNWANTED.search(text) is None:
        return text, []
    problems = [
        Problem(
            code="invisible-character",
            message=f"Line {number} holds {_names(found)}, which nobody can see; it was left out.",
            file=file,
            line=number,
            hint="Delete the character in your editor, or type the words around it anew.",
            level=Level.WARNING,
        )
        for number, line in enumerate(text.split("\n"), start=1)
        if (found := _UNWANTED.findall(line))
    ]
    return clean(text), problems


def _replacement(match: re.Match[str]) -> str:
    return " " if match[0] in _SEPARATORS else ""


def _names(characters: list[str]) -> str:
    names = (
        f"U+{ord(c):04X} ({unicodedata.name(c, 'control character').lower()})"
        for c in dict.fromkeys(characters)
    )
    return ", ".join(names)
