"""Slots: the places of a mail's layout that content is put into after MJML has done its work."""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.errors import ConfigurationError
from newsletter.rendering.html import escape

_HINT = "Templates may leave a slot out or move it, but not change it: use it without filters, between tags."


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    html: str
    words_only: bool
    required: bool


class Slots:
    """The slots of one layout. Templates see opaque names; `fill` puts what they stand for in their place."""

    def __init__(self, digits: str) -> None:
        self._pattern = re.compile(rf"slot{digits}n(\d+)x")
        self._digits = digits
        self._slots: list[_Slot] = []

    def words(self, name: str, text: str) -> str:
        """A slot for plain words, which may stand in text and attributes, and often; "" for none."""
        return self._add(_Slot(name, escape(text), words_only=True, required=False)) if text else ""

    def content(self, name: str, html: str, *, required: bool = True) -> str:
        """A slot for HTML: it must stand between tags in the body of the mail, and only once; "" for none."""
        return self._add(_Slot(name, html, words_only=False, required=required)) if html else ""

    def _add(self, slot: _Slot) -> str:
        self._slots.append(slot)
        return f"slot{self._digits}n{len(self._slots) - 1}x"

    def fill(self, layout: str, compiled: str, file: str) -> str:
        """`compiled` with every slot's content in its place.

        `layout` is the MJML that it was compiled from. Raises ConfigurationError naming the slot and `file`,
        the template, when one is missing, doubled, lost, moved by the compiler or not between tags.
        """
        wanted = [int(number) for number in self._pattern.findall(layout)]
        found = [int(match[1]) for match in self._pattern.finditer(compiled)]
        for number, slot in enumerate(self._slots):
            shown = wanted.count(number)
            if slot.required and not shown:
                _refuse(f"The mail's templates never show {slot.name}.", file)
            if not slot.words_only and shown > 1:
                _refuse(f"The mail's templates show {slot.name} more than once.", file)
            if shown and number not in found:
                _refuse(f"MJML lost {slot.name}; it does not stand where text can be.", file)
        contents = [number for number in wanted if not self._slots[number].words_only]
        if contents != [number for number in found if not self._slots[number].words_only]:
            _refuse("MJML moved or repeated what the templates show.", file)
        for match in self._pattern.finditer(compiled):
            slot = self._slots[int(match[1])]
            if not slot.words_only and not _between_tags(compiled, match.start(), match.end()):
                _refuse(f"The mail's templates show {slot.name} where only words can stand.", file)
        return self._pattern.sub(lambda match: self._slots[int(match[1])].html, compiled)


def _between_tags(html: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is text of the body on its own, and not in a comment."""
    before = html[max(0, start - 100) : start].rstrip()
    after = html[end : end + 100].lstrip()
    in_comment = html.rfind("<!--", 0, start) > html.rfind("-->", 0, start)
    in_body = html.find("<body", 0, start) >= 0
    return before.endswith(">") and after.startswith("<") and in_body and not in_comment


def _refuse(message: str, file: str) -> None:
    raise ConfigurationError(message, file=file, hint=_HINT, code="slot")
