"""The block rule for containers: `:::members` … `:::`, one inside the other as deep as need be.

Written here rather than taken from mdit-py-plugins, because a container that is unknown, never closed or
closed without having been opened must be an error with its line, and there all three pass silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from markdown_it.rules_block import StateBlock

from newsletter.writing.report import Report

NAMES = ("members", "objection", "aside", "email", "web")
"""The containers of the dialect."""

_SHORTEST = 3
_DEEPEST = 100
_CODE_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})(.*)")


@dataclass(frozen=True, slots=True)
class Opening:
    """The first line of a container: its `name`, what stands after it, and whether an end was found.

    The name is "" for a closing line that closes nothing.
    """

    name: str
    title: str
    closed: bool


def judge(opening: Opening, line: int, report: Report) -> bool:
    """Reports what is wrong with the container that begins on `line`; True when its name is a known one."""
    name = opening.name
    if not name:
        hint = f"Open a container with its name, as in :::{NAMES[0]}, or delete the line."
        report("stray-container-end", "This line closes a container, but none is open.", line, hint)
        return False
    known = name in NAMES
    if not known:
        close = get_close_matches(name.lower(), NAMES, n=1)
        hint = f"Did you mean :::{close[0]}?" if close else f"The containers are {', '.join(NAMES)}."
        report("unknown-container", f"There is no container :::{name}.", line, hint)
    elif name == "objection" and not opening.title:
        hint = "Write what the critical reader says: :::objection That is not what the study found."
        report("missing-title", "The objection has no title.", line, hint)
    elif name != "objection" and opening.title:
        hint = "Put the words into the next line."
        report("container-title", f":::{name} takes no title; “{opening.title}” would be lost.", line, hint)
    if not opening.closed:
        hint = "Close it with a line of three colons (:::)."
        report("unclosed-container", f":::{name} is opened here and never closed.", line, hint)
    return known


def container_rule(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Reads one container that begins on line `first`; a markdown-it block rule.

    Emits `container_open` (its Opening in `meta["opening"]`) and `container_close` around the content, and
    before the content an `inline` token with the title of an objection.
    """
    start = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith(":::", start) or state.is_code_block(first):
        return False
    if silent:
        return True
    length, words = _fence(state.src[start : state.eMarks[first]])
    name, title = [*words.split(None, 1), "", ""][:2]
    end = _end(state, first, last, length) if name else first
    opening = Opening(name, title, closed=end < last)
    _emit(state, first, end, opening)
    state.line = end + 1 if opening.closed else last
    return True


def _emit(state: StateBlock, first: int, end: int, opening: Opening) -> None:
    token = state.push("container_open", "div", 1)
    token.map = [first, end]
    token.meta["opening"] = opening
    if opening.name == "objection":
        title = state.push("inline", "", 0)
        title.map = [first, first + 1]
        title.content = opening.title
        title.children = []
    if opening.name:
        parent, line_max = state.parentType, state.lineMax
        state.parentType = "container"
        state.lineMax = end  # so that no paragraph continues over the closing line
        state.md.block.tokenize(state, first + 1, end)
        state.parentType, state.lineMax = parent, line_max
    state.push("container_close", "div", -1)


def _end(state: StateBlock, first: int, last: int, length: int) -> int:
    """The line that closes the container opened on `first` with `length` colons; `last` when none does.

    A closing line closes the innermost container with as many colons, and whatever was left open inside;
    where no container has as many, simply the innermost.
    """
    open_lengths = [length]
    code = ""
    for number in range(first + 1, last):
        start = state.bMarks[number] + state.tShift[number]
        end = state.eMarks[number]
        if start < end and state.sCount[number] < state.blkIndent:
            return last  # the list entry around us ends here
        if start >= end or state.src[start] not in ":`~" or state.is_code_block(number):
            continue
        line = state.src[start:end]
        if code or line[0] != ":":
            code = _code_fence(code, line)
            continue
        length, words = _fence(line)
        if length < _SHORTEST:
            continue
        if words:
            open_lengths.append(length)
            if len(open_lengths) > _DEEPEST:
                return last  # far beyond what the parser nests; a bound for hostile input
            continue
        while length in open_lengths and open_lengths[-1] != length:
            open_lengths.pop()
        open_lengths.pop()
        if not open_lengths:
            return number
    return last


def _fence(line: str) -> tuple[int, str]:
    """How many colons `line` begins with, and the words after them."""
    words = line.lstrip(":")
    return len(line) - len(words), words.strip()


def _code_fence(code: str, line: str) -> str:
    """The fence of the code block that is open after `line`; `code` is the one open before it, or ""."""
    fence = _CODE_FENCE.fullmatch(line)
    if fence is None:
        return code
    if not code:
        return fence[1]
    closes = fence[1].startswith(code) and not fence[2].strip()
    return "" if closes else code
