"""Slots: the places of a mail's layout that an issue's contents are put into after MJML has done its work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsletter.errors import ConfigurationError

_HINT = "Templates may leave a slot out or move it, but not change it: use it without filters, between tags."


@dataclass(frozen=True, slots=True)
class Layout:
    """A compiled layout cut at its slots: literal HTML, the key of a slot, literal HTML, and so on."""

    pieces: tuple[str, ...]

    def shows(self, key: str) -> bool:
        """Whether there is such a slot."""
        return key in self.pieces[1::2]

    def fill(self, contents: Mapping[str, str]) -> str:
        """The HTML with every slot's content, which is HTML by the slot's key, in its place."""
        filled = list(self.pieces)
        filled[1::2] = [contents[key] for key in self.pieces[1::2]]
        return "".join(filled)


@dataclass(frozen=True, slots=True)
class _Slot:
    key: str
    words_only: bool
    required: bool

    @property
    def name(self) -> str:
        """What templates call it."""
        return self.key.partition("#")[0]


class Slots:
    """The slots of one layout, each with a key: what templates call it and, where there are several of one
    name, a number ("nugget.title#3"). Templates see stand-ins made with `digits`, which nothing else holds.
    """

    def __init__(self, digits: str) -> None:
        self._pattern = re.compile(rf"slot{digits}n(\d+)x")
        self._digits = digits
        self._slots: list[_Slot] = []

    def words(self, key: str, *, given: bool = True) -> str:
        """A slot for plain words, which may stand in text and attributes, and often; "" if not `given`."""
        return self._add(_Slot(key, words_only=True, required=False)) if given else ""

    def content(self, key: str, *, given: bool = True, required: bool = True) -> str:
        """A slot for HTML: it must stand between tags in the body, and only once; "" if not `given`."""
        return self._add(_Slot(key, words_only=False, required=required)) if given else ""

    def _add(self, slot: _Slot) -> str:
        self._slots.append(slot)
        return f"slot{self._digits}n{len(self._slots) - 1}x"

    def cut(self, layout: str, compiled: str, file: str) -> Layout:
        """`compiled` HTML cut at its slots.

        `layout` is the MJML that it was compiled from. Raises ConfigurationError naming the slot and `file`,
        the template, when one is missing, doubled, lost, changed, moved by the compiler or not between tags.
        """
        pieces = self._pattern.split(compiled)
        if any(self._digits in piece.lower() for piece in pieces[::2]):
            _refuse("A template changes a slot on its way into the mail.", file)
        wanted = self._numbers(layout)
        found = self._numbers(compiled)
        for number, slot in enumerate(self._slots):
            shown = wanted.count(number)
            if slot.required and not shown:
                _refuse(f"The mail's templates never show {slot.name}.", file)
            if not slot.words_only and shown > 1:
                _refuse(f"The mail's templates show {slot.name} more than once.", file)
            if shown and number not in found:
                _refuse(f"MJML lost {slot.name}; it does not stand where text can be.", file)
        if self._contents(wanted) != self._contents(found):
            _refuse("MJML moved or repeated what the templates show.", file)
        for match in self._pattern.finditer(compiled):
            slot = self._slots[int(match[1])]
            if not slot.words_only and not _between_tags(compiled, match.start(), match.end()):
                _refuse(f"The mail's templates show {slot.name} where only words can stand.", file)
        pieces[1::2] = [self._slots[int(number)].key for number in pieces[1::2]]
        return Layout(tuple(pieces))

    def _numbers(self, text: str) -> list[int]:
        return [int(number) for number in self._pattern.findall(text)]

    def _contents(self, numbers: Iterable[int]) -> list[int]:
        return [number for number in numbers if not self._slots[number].words_only]


def _between_tags(html: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is text of the body on its own, and not in a comment."""
    before = html[max(0, start - 100) : start].rstrip()
    after = html[end : end + 100].lstrip()
    in_comment = html.rfind("<!--", 0, start) > html.rfind("-->", 0, start)
    in_body = html.find("<body", 0, start) >= 0
    return before.endswith(">") and after.startswith("<") and in_body and not in_comment


def _refuse(message: str, file: str) -> None:
    raise ConfigurationError(message, file=file, hint=_HINT, code="slot")
