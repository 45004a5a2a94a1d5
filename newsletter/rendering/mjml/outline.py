"""The tags of an MJML document: each well-formed, known, in its place and closed, or there is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from newsletter.rendering.mjml.source import Source
from newsletter.rendering.mjml.table import COMPONENTS, INSTEAD, other_components

_CONTAINERS = frozenset(parent for parents in COMPONENTS.values() for parent in parents)
_DEEPEST = 100
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_VERBATIM = frozenset({"mj-style", "style"})
_TAG = re.compile(
    r"""<!--(?P<comment>.*?)-->
      | <(?P<close>/)?(?P<name>[A-Za-z][\w:-]*)
        (?P<attributes>(?:\s+[\w:@-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)
        \s*(?P<empty>/)?>""",
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([\w:@-]+)\s*=\s*("[^"]*"|'[^']*')""")
_BARE_AMPERSAND = re.compile(r"&(?!#\d+;|#x[0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value of an attribute, and where the attribute begins."""

    value: str
    at: int


@dataclass(slots=True)
class Tag:
    """An opening tag: where it stands, what it says, and in which one it is."""

    name: str
    at: int
    attributes: Mapping[str, Attribute]
    parent: Tag | None
    children: list[Tag] = field(default_factory=list)

    @property
    def is_component(self) -> bool:
        """Whether it is MJML, not HTML."""
        return self.name in COMPONENTS

    def get(self, attribute: str) -> str | None:
        """The value of an attribute, None when it is not given."""
        found = self.attributes.get(attribute)
        return found.value if found else None


def read_outline(source: Source) -> list[Tag]:
    """All opening tags in order.

    Walks without recursion, and raises ConfigurationError for the first thing that is malformed, unknown,
    misplaced or left open.
    """
    return _Walk(source).tags()


class _Walk:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._begin = len(source.mjml) - len(source.mjml.lstrip())
        self._open: list[Tag] = []

    def tags(self) -> list[Tag]:
        mjml, fail = self._source.mjml, self._source.refuse
        if found := _FORBIDDEN.search(mjml):
            fail(found.start(), f"The character U+{ord(found[0]):04X} may not stand in a template.")
        if not mjml.startswith("<mjml", self._begin):
            fail(self._begin, "The template must begin with <mjml> and nothing before it.")
        tags: list[Tag] = []
        at = 0
        while True:
            start = mjml.find("<", at)
            self._check_text(at, start if start >= 0 else len(mjml))
            if start < 0:
                break
            match = _TAG.match(mjml, start)
            if match is None:
                fail(start, *_malformed(mjml, start))
            at = match.end()
            if (comment := match["comment"]) is not None:
                if "--" in comment:
                    fail(start, "A comment may not hold two hyphens.")
            elif match["close"]:
                self._close(match)
            else:
                tags.append(self._opened(match))
                if match["empty"] or match["name"] in _VOID:
                    continue
                self._open.append(tags[-1])
                if len(self._open) > _DEEPEST:
                    fail(start, f"Tags are nested more than {_DEEPEST} deep.")
                if match["name"] in _VERBATIM:
                    at = max(at, mjml.find(f"</{match['name']}>", at))
        if self._open:
            name = self._open[-1].name
            fail(self._open[-1].at, f"<{name}> is never closed.", f"Add </{name}>.")
        bodies = sum(tag.name == "mj-body" for tag in tags)
        if bodies != 1:
            fail(0, f"The template has {bodies or 'no'} <mj-body>.", "It needs exactly one.")
        return tags

    def _check_text(self, start: int, end: int) -> None:
        text = self._source.mjml[start:end]
        if text.strip() and (not self._open or self._open[-1].name in _CONTAINERS):
            where = f"directly inside <{self._open[-1].name}>" if self._open else "outside <mjml>"
            start += len(text) - len(text.lstrip())
            self._source.refuse(start, f"There is text {where}.", "Text belongs into <mj-text>.")
        if bare := _BARE_AMPERSAND.search(self._source.mjml, start, end):
            self._source.refuse(bare.start(), "A bare & is not allowed.", "Write &amp; instead.")

    def _close(self, match: re.Match[str]) -> None:
        name = match["name"]
        if not self._open:
            self._source.refuse(match.start(), f"</{name}> closes nothing.")
        tag = self._open.pop()
        if name != tag.name:
            message = f"</{name}> stands where </{tag.name}> is due."
            hint = f"<{tag.name}> was opened on line {self._source.line(tag.at)} and is not closed yet."
            self._source.refuse(match.start(), message, hint)

    def _opened(self, match: re.Match[str]) -> Tag:
        name, start = match["name"], match.start()
        parent = self._open[-1] if self._open else None
        if parent is None and start != self._begin:
            self._source.refuse(start, f"<{name}> stands outside <mjml>.")
        inside = parent.name if parent else ""
        if name.lower().startswith(("mj-", "mjml")):
            if name not in COMPONENTS:
                self._source.refuse(start, f"There is no <{name}> here.", _instead(name))
            parents = COMPONENTS[name]
            if parents and inside not in parents and inside != "mj-attributes":
                wanted = " or ".join(f"<{each}>" for each in parents)
                self._source.refuse(
                    start, f"<{name}> stands inside <{inside}>.", f"It belongs into {wanted}."
                )
        elif inside in _CONTAINERS:
            hint = "Put HTML into <mj-text> or <mj-raw>."
            self._source.refuse(start, f"<{name}> stands directly inside <{inside}>.", hint)
        tag = Tag(name, start, self._attributes(match), parent)
        if parent:
            parent.children.append(tag)
        return tag

    def _attributes(self, match: re.Match[str]) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for each in _ATTRIBUTE.finditer(match["attributes"]):
            at = match.start("attributes") + each.start()
            name, value = each[1], each[2][1:-1]
            if name in found:
                self._source.refuse(at, f"The attribute {name} is given twice.")
            if '"' in value:
                self._source.refuse(
                    at, f"The value of {name} holds a quotation mark.", "Write &#34; instead."
                )
            if _BARE_AMPERSAND.search(value):
                self._source.refuse(at, "A bare & is not allowed.", "Write &amp; instead.")
            found[name] = Attribute(value, at)
        return found


def _instead(name: str) -> str:
    """What to write in the place of a component that there is not, or that themes may not use."""
    if name in INSTEAD:
        return INSTEAD[name]
    everything = f"There are: {', '.join(sorted(COMPONENTS))}."
    if name in other_components():
        return f"MJML has it, but themes do without. {everything}"
    near: Sequence[str] = get_close_matches(name.lower(), COMPONENTS, 1)
    return f"Did you mean <{near[0]}>?" if near else everything


def _malformed(mjml: str, at: int) -> tuple[str, str]:
    if mjml.startswith("<!--", at):
        return "A comment is opened and never closed.", "Close it with -->."
    if mjml.startswith(("<!", "<?"), at):
        return (
            "Doctype, CDATA and processing instructions are not allowed.",
            "MJML writes the doctype itself.",
        )
    if re.match(r"</?[A-Za-z]", mjml[at : at + 3]):
        return "This tag is malformed.", "Each attribute needs a value in quotes, and < in it is &lt;."
    return "A bare < is not allowed.", "Write &lt; instead."
