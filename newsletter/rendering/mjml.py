"""MJML into HTML, safely: what the engine passes in silence, names no place for or dies of is found here.

The engine (mrml, through mjml-python) lets unknown components and wrong closing tags pass, names byte offsets
or no place at all, panics on some input and overflows its stack on deep nesting. So the source is looked
through first, tag by tag, and whatever the engine still says is said again with line and column.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from mjml import mjml2html

from newsletter.errors import ConfigurationError

COMPONENTS: Mapping[str, Sequence[str]] = {
    "mjml": (),
    "mj-head": ("mjml",),
    "mj-title": ("mj-head",),
    "mj-style": ("mj-head",),
    "mj-breakpoint": ("mj-head",),
    "mj-attributes": ("mj-head",),
    "mj-all": ("mj-attributes",),
    "mj-class": ("mj-attributes",),
    "mj-body": ("mjml",),
    "mj-wrapper": ("mj-body",),
    "mj-section": ("mj-body", "mj-wrapper"),
    "mj-group": ("mj-section",),
    "mj-column": ("mj-section", "mj-group"),
    "mj-text": ("mj-column",),
    "mj-image": ("mj-column",),
    "mj-button": ("mj-column",),
    "mj-divider": ("mj-column",),
    "mj-spacer": ("mj-column",),
    "mj-table": ("mj-column",),
    "mj-social": ("mj-column",),
    "mj-social-element": ("mj-social",),
    "mj-raw": (),
}
"""The part of MJML that themes may use, each component with those that it may stand in (all may stand in
<mj-attributes>, to set defaults; <mj-raw> stands anywhere). No includes (Jinja2 has them), no remote fonts;
`mj-preview` is left out because its colours cost points with spam filters: the preheader is a slot."""

_CONTAINERS = frozenset(parent for parents in COMPONENTS.values() for parent in parents)
_INSTEAD = {
    "mj-include": 'Use {% include "…" %} of the template language.',
    "mj-preview": "Show {{ issue.preheader }} in a hidden block, as the theme's masthead does.",
    "mj-font": "Mail loads no fonts from elsewhere; name installed ones in tokens.toml.",
}
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
_ATTRIBUTE = re.compile(r"""([\w:@-]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_BARE_AMPERSAND = re.compile(r"&(?!#\d+;|#x[0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_POSITION = re.compile(r" (?:in root template )?at position (\d+):(\d+)")


Locate: TypeAlias = Callable[[str], tuple[str, int] | None]
"""Finds the template and line that a line of a filled-in template came from."""


def compile_mjml(mjml: str, *, file: str, locate: Locate | None = None) -> str:
    """The HTML of an MJML document.

    `file` names the template it came from. Raises ConfigurationError with line and column of the filled-in
    template, and the line itself; where `locate` knows the template that wrote this line, the error points
    there. No remote fonts are ever added.
    """
    source = _Document(mjml, file, locate)
    _check_outline(source)
    try:
        return mjml2html(mjml, fonts={})
    except ValueError as error:
        reason = str(error)
        position = _POSITION.search(reason)
        at = source.character(int(position[1])) if position else 0
        source.refuse(at, f"The MJML compiler says: {_POSITION.sub('', reason)}.")
    except BaseException as error:
        # A panic of the engine is a BaseException of a class that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise ConfigurationError(
            "The MJML compiler gave up on this template.", file=file, hint=str(error), code="mjml"
        ) from error


@dataclass(frozen=True, slots=True)
class _Document:
    """An MJML document that knows how to point at one of its characters."""

    mjml: str
    file: str
    locate: Locate | None

    def character(self, octets: int) -> int:
        """The index of the character at which the UTF-8 octet number `octets` stands."""
        return len(self.mjml.encode()[:octets].decode(errors="ignore"))

    def refuse(self, at: int, message: str, hint: str = "") -> NoReturn:
        number = self.mjml.count("\n", 0, at) + 1
        start = self.mjml.rfind("\n", 0, at) + 1
        line = self.mjml[start:].partition("\n")[0]
        found = self.locate(line) if self.locate else None
        file, where = found or (self.file, number)
        cut = max(0, at - start - 60)
        place = (
            f"Line {number}, column {at - start + 1} of the filled-in template:\n"
            f"    {line[cut : cut + 100]}\n    {' ' * (at - start - cut)}^"
        )
        raise ConfigurationError(
            message, file=file, line=where, hint=f"{hint}\n    {place}" if hint else place, code="mjml"
        )


def _check_outline(source: _Document) -> None:
    """Walks the tags, without recursion, to the first that is malformed, unknown, misplaced or left open."""
    mjml, fail = source.mjml, source.refuse
    if found := _FORBIDDEN.search(mjml):
        fail(found.start(), f"The character U+{ord(found[0]):04X} may not stand in a template.")
    if not mjml.lstrip().startswith("<mjml"):
        fail(len(mjml) - len(mjml.lstrip()), "The template must begin with <mjml> and nothing before it.")
    open_tags: list[tuple[str, int]] = []
    at = bodies = 0
    while True:
        start = mjml.find("<", at)
        _check_text(source, at, start if start >= 0 else len(mjml), open_tags)
        if start < 0:
            break
        tag = _TAG.match(mjml, start)
        if tag is None:
            fail(start, *_malformed(mjml, start))
        at = tag.end()
        if (comment := tag["comment"]) is not None:
            if "--" in comment:
                fail(start, "A comment may not hold two hyphens.")
        elif tag["close"]:
            _check_close(source, open_tags, tag)
        else:
            _check_open(source, open_tags, tag)
            bodies += tag["name"] == "mj-body"
            if tag["empty"] or tag["name"] in _VOID:
                continue
            open_tags.append((tag["name"], start))
            if len(open_tags) > _DEEPEST:
                fail(start, f"Tags are nested more than {_DEEPEST} deep.")
            if tag["name"] in _VERBATIM:
                at = max(at, mjml.find(f"</{tag['name']}>", at))
    if open_tags:
        name, start = open_tags[-1]
        fail(start, f"<{name}> is never closed.", f"Add </{name}>.")
    if bodies != 1:
        fail(0, f"The template has {bodies or 'no'} <mj-body>.", "It needs exactly one.")


def _check_text(source: _Document, start: int, end: int, open_tags: Sequence[tuple[str, int]]) -> None:
    text = source.mjml[start:end]
    if text.strip() and (not open_tags or open_tags[-1][0] in _CONTAINERS):
        where = f"directly inside <{open_tags[-1][0]}>" if open_tags else "outside <mjml>"
        start += len(text) - len(text.lstrip())
        source.refuse(start, f"There is text {where}.", "Text belongs into <mj-text>.")
    if bare := _BARE_AMPERSAND.search(source.mjml, start, end):
        source.refuse(bare.start(), "A bare & is not allowed.", "Write &amp; instead.")


def _check_close(source: _Document, open_tags: list[tuple[str, int]], tag: re.Match[str]) -> None:
    name = tag["name"]
    if not open_tags:
        source.refuse(tag.start(), f"</{name}> closes nothing.")
    expected, opened = open_tags.pop()
    if name != expected:
        line = source.mjml.count("\n", 0, opened) + 1
        message = f"</{name}> stands where </{expected}> is due, which was opened on line {line}."
        source.refuse(tag.start(), message)


def _check_open(source: _Document, open_tags: Sequence[tuple[str, int]], tag: re.Match[str]) -> None:
    name, start = tag["name"], tag.start()
    parent = open_tags[-1][0] if open_tags else ""
    if not parent and start != len(source.mjml) - len(source.mjml.lstrip()):
        source.refuse(start, f"<{name}> stands outside <mjml>.")
    if name.lower().startswith(("mj-", "mjml")):
        if name not in COMPONENTS:
            near = difflib.get_close_matches(name.lower(), COMPONENTS, 1)
            guess = f"Did you mean <{near[0]}>?" if near else f"There are: {', '.join(sorted(COMPONENTS))}."
            source.refuse(start, f"There is no <{name}> here.", _INSTEAD.get(name, guess))
        parents = COMPONENTS[name]
        if parents and parent not in parents and parent != "mj-attributes":
            wanted = " or ".join(f"<{each}>" for each in parents)
            source.refuse(start, f"<{name}> stands inside <{parent}>.", f"It belongs into {wanted}.")
    elif parent in _CONTAINERS:
        hint = "Put HTML into <mj-text> or <mj-raw>."
        source.refuse(start, f"<{name}> stands directly inside <{parent}>.", hint)
    if attributes := tag["attributes"]:
        names = _ATTRIBUTE.findall(attributes)
        if len(set(names)) < len(names) or "'" in attributes or _BARE_AMPERSAND.search(attributes):
            _check_attributes(source, tag)


def _check_attributes(source: _Document, tag: re.Match[str]) -> None:
    """Says what is wrong with a tag's attributes, if anything is: most tags never come here."""
    seen: set[str] = set()
    for attribute in _ATTRIBUTE.finditer(tag["attributes"]):
        at = tag.start("attributes") + attribute.start()
        name, value = attribute[1], attribute[0].partition("=")[2].strip()
        if name in seen:
            source.refuse(at, f"The attribute {name} is given twice.")
        seen.add(name)
        if '"' in value[1:-1]:
            source.refuse(at, f"The value of {name} holds a quotation mark.", "Write &#34; instead.")
        if _BARE_AMPERSAND.search(value):
            source.refuse(at, "A bare & is not allowed.", "Write &amp; instead.")


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
