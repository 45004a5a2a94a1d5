"""The inline rules of the dialect: citations, merge fields and footnotes, which note where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it.rules_inline import StateInline

from newsletter.document import Cite, Merge

AT = "at"
"""Key in a token's `meta`: where its mark begins in the content of its paragraph, counted in characters."""

InlineRule = Callable[[StateInline, bool], bool]

_CITATION = re.compile(r"\[(?=\s*-?@)([^\[\]]*)\](?!\()")
_CITE = re.compile(r"\s*(?P<minus>-?)@(?P<key>[^\s,;@{}\"\\%#~]++)(?:\s*+,\s*+|\s++|$)(?P<locator>[^@]*)")
MERGE = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = r"[A-Za-z_]\w*+"
_WORDS = r"""(?: "[^"]*" | '[^']*' | “[^”]*” )"""
_FIELD = re.compile(
    rf"""\s* (?P<name>{_NAME}) (?P<filters>(?: \s* \| \s* {_NAME} )*) \s*
        (?: \b or \s* (?P<words>{_WORDS}) \s* )?""",
    re.VERBOSE,
)
_CHOICE = re.compile(
    rf"\s* (?P<then>{_WORDS}) \s* if \s+ (?P<name>{_NAME}) \s* (?: \b else \s* (?P<words>{_WORDS}) \s* )?",
    re.VERBOSE,
)
_NOTEREF = re.compile(r"\[\^([^\s\[\]]+)\]")
_RANGE = re.compile(r"(?<=\d)--?(?=\d)")


def citation_rule(state: StateInline, silent: bool) -> bool:
    """`[@key]`, `[@key, p. 12]`, `[@one; @two]`, `[-@key]`: a `citation` token with `meta["cites"]`.

    The cites are empty where the brackets begin like a citation and do not go on like one.
    """
    if state.src[state.pos] != "[":
        return False
    found = _CITATION.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.meta = {"cites": read_cites(found[1]), AT: state.pos}
        token.markup = found[0]
    state.pos = found.end()
    return True


def read_cites(text: str) -> tuple[Cite, ...]:
    """The references in the brackets of a citation; empty when one of them cannot be read."""
    cites = []
    for part in text.split(";"):
        cite = _CITE.fullmatch(part)
        if cite is None:
            return ()
        locator = _RANGE.sub("–", " ".join(cite["locator"].split()))
        cites.append(Cite(cite["key"], locator, suppress_author=bool(cite["minus"])))
    return tuple(cites)


def merge_rule(state: StateInline, silent: bool) -> bool:
    """`{{ name }}`, `{{ name or "fallback" }}` …: a `merge` token with `meta["field"]` as of `read_field`."""
    if not state.src.startswith("{{", state.pos):
        return False
    found = MERGE.match(state.src, state.pos, state.posMax)
    if not silent:
        token = state.push("merge", "", 0)
        token.meta = {"field": read_field(found[1]) if found else None, AT: state.pos}
    state.pos = found.end() if found else state.pos + 2
    return True


def read_field(text: str) -> Merge | None:
    """The merge field between the braces, without its line; None when `text` is not one."""
    if field := _FIELD.fullmatch(text):
        filters = tuple(field["filters"].replace("|", " ").split())
        return Merge(field["name"], _quoted(field["words"]), filters=filters)
    if choice := _CHOICE.fullmatch(text):
        return Merge(choice["name"], _quoted(choice["words"]), then=_quoted(choice["then"]))
    return None


def _quoted(words: str | None) -> str | None:
    return None if words is None else " ".join(words[1:-1].split())


def noteref_rule(state: StateInline, silent: bool) -> bool:
    """`[^label]`: a `noteref` token with `meta["label"]`, whether or not there is such a footnote."""
    found = _NOTEREF.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("noteref", "", 0).meta = {"label": found[1]}
    state.pos = found.end()
    return True


def note_rule(state: StateInline, silent: bool) -> bool:
    """`^[text]`: a `note` token with the text of the footnote as children."""
    start = state.pos + 1
    if not state.src.startswith("[", start):
        return False
    end = state.md.helpers.parseLinkLabel(state, start)
    if end < 0:
        return False
    if not silent:
        token = state.push("note", "", 0)
        token.content = state.src[start + 1 : end]
        token.children = state.md.inline.parse(token.content, state.md, state.env, [])
    state.pos = end + 1
    return True


def placed(rule: InlineRule, first: str) -> InlineRule:
    """`rule`, tried only at the character `first`; its token's `meta` then tells where the mark begins.

    A rule for brackets is not tried either where no bracket closes: markdown-it would look a long way ahead.
    """
    bracketed = first in "![^"

    def placed_rule(state: StateInline, silent: bool) -> bool:
        start = state.pos
        if state.src[start] != first or (bracketed and state.src.find("]", start + 1, state.posMax) < 0):
            return False
        count = len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            token = state.tokens[count]
            if token.type == "text" and count + 1 < len(state.tokens):
                token = state.tokens[count + 1]  # the words before the mark came first
            token.meta[AT] = start
        return True

    return placed_rule
