"""Remembers a million addresses in little room."""

from __future__ import annotations

from array import array


class FirstLines:
    """On which line each key stood first.

    An open-addressed table of 64-bit hashes: 24 to 48 bytes for a key, where a dict of strings takes 130. Two
    keys with one hash would be taken for one: in a list of a million, once in forty million imports.
    Lines are below 2^32.
    """

    def __init__(self) -> None:
        self._size = 0
        self._make_room(1 << 12)

    def line_of(self, key: str, line: int) -> int:
        """The line on which `key` was seen first: `line`, if it is new."""
        hashed = hash(key) or 1  # 0 marks an empty place
        hashes, mask = self._hashes, self._mask
        place = hashed & mask
        while found := hashes[place]:
            if found == hashed:
                return self._lines[place]
            place = (place + 1) & mask
        hashes[place] = hashed
        self._lines[place] = line
        self._size += 1
        if self._size * 2 > mask:
            self._grow()
        return line

    def _make_room(self, places: int) -> None:
        self._mask = places - 1
        self._hashes = array("q", bytes(8 * places))
        self._lines = array("I", bytes(4 * places))

    def _grow(self) -> None:
        hashes, lines = self._hashes, self._lines
        self._make_room(2 * len(hashes))
        mask = self._mask
        for hashed, line in zip(hashes, lines, strict=True):
            if hashed:
                place = hashed & mask
                while self._hashes[place]:
                    place = (place + 1) & mask
                self._hashes[place] = hashed
                self._lines[place] = line
