"""A short way for plain paragraphs, which are most of an issue.

markdown-it tries some twenty rules on every line of a paragraph. A paragraph whose lines all begin with an
ordinary character cannot be anything else, so that one look at each line is enough.
"""

from __future__ import annotations

from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock

_SIGNS = frozenset("#>-=+*_`~<[|:0123456789")
"""What a line must begin with to be anything but prose: a heading, quotation, list, rule, underline of a
heading, fence, HTML, definition, table or container."""


def prose_rule(state: StateBlock, first: int, _last: int, silent: bool) -> bool:
    """Reads the paragraph that begins on line `first` if all its lines are prose; a markdown-it block rule.

    Everything else is left to markdown-it's own rules, which come after this one.
    """
    if silent or state.is_code_block(first):
        return False
    end = first
    while end < state.lineMax:
        start = state.bMarks[end] + state.tShift[end]
        if start >= state.eMarks[end]:
            break
        if state.src[start] in _SIGNS:
            return False
        end += 1
    token = state.push("paragraph_open", "p", 1)
    token.map = [first, end]
    token = state.push("inline", "", 0)
    token.content = mdTrim(state.getLines(first, end, state.blkIndent, False))
    token.map = [first, end]
    token.children = []
    state.push("paragraph_close", "p", -1)
    state.line = end
    return True
