"""What a mail's HTML makes use of: elements, attributes, CSS properties, at-rules, selectors, units.

A feature is named by its kind and its name, as in the table of what mail programs drop: "property hyphens",
"at media prefers-color-scheme", "selector child", "unit rem".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r""""[^"]*"|'[^']*'|url\([^)]*\)""")
_MEDIA_FEATURE = re.compile(r"\(\s*(?:min-|max-)?([a-z-]+)")
_FUNCTION = re.compile(r"([a-z-]+)\(")
_UNIT = re.compile(r"(?<![\w#-])[0-9.]+(%|[a-z]+)")
_WORD = re.compile(r"(?<![\w-])[a-z]+(?:-[a-z]+)*(?![\w(-])")
_PSEUDO = re.compile(r"::?[a-z-]+")
_BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_COMBINATORS = {">": "child", "+": "adjacent-sibling", "~": "general-sibling"}
_SIMPLE = re.compile(r"[.#*]|(?<![\w.#-])[a-z]")
_KINDS = {".": "class", "#": "id", "*": "universal"}


@dataclass(slots=True)
class Features:
    """The features of a mail. `optional` are those that stand in media queries alone: the mail is complete
    without them, for whoever drops the query."""

    plain: dict[str, None] = field(default_factory=dict)
    queried: dict[str, None] = field(default_factory=dict)

    @property
    def optional(self) -> list[str]:
        """What stands in media queries alone."""
        return [name for name in self.queried if name not in self.plain]


def features_of(html: str) -> Features:
    """Everything that `html` makes use of, in reading order; what only classic Outlook reads is left out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.features


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.features = Features()
        self._style: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        plain = self.features.plain
        plain[f"element {tag}"] = None
        if tag == "style":
            self._style = []
        values = {name: value or "" for name, value in attrs}
        for name in values:
            plain[f"attribute {name}"] = None
        plain.update(dict.fromkeys(_declarations(values.get("style", ""))))
        target = values.get("href", "").lower()
        for start in ("#", "mailto:"):
            if target.startswith(start):
                plain[f"link {start}"] = None
        if tag == "meta" and values.get("name") in ("color-scheme", "supported-color-schemes"):
            plain["meta color-scheme"] = None

    def handle_data(self, data: str) -> None:
        if self._style is not None:
            self._style.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._style is not None:
            _sheet(_COMMENT.sub(" ", "".join(self._style)), self.features, queried=False)
            self._style = None


def _sheet(css: str, features: Features, *, queried: bool) -> None:
    """Notes what a style sheet, or the inside of a media query, makes use of."""
    found = features.queried if queried else features.plain
    for prelude, block in _rules(css):
        if prelude.startswith("@"):
            name = re.split(r"[\s({]", prelude[1:], maxsplit=1)[0]
            is_query = name == "media"
            at = features.queried if is_query else found
            at[f"at {name}"] = None
            at.update(dict.fromkeys(f"at {name} {each}" for each in _MEDIA_FEATURE.findall(prelude)))
            if "{" in block:
                _sheet(block, features, queried=queried or is_query)
                continue
        else:
            found.update(dict.fromkeys(_selectors(prelude)))
        found.update(dict.fromkeys(_declarations(block)))


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """The rules of a sheet: what stands before the braces, and what stands in them."""
    start = depth = opened = 0
    for at, sign in enumerate(css):
        if sign == "{":
            depth += 1
            if depth == 1:
                opened = at
        elif sign == "}" and depth:
            depth -= 1
            if not depth:
                yield css[start:opened].strip().lower(), css[opened + 1 : at]
                start = at + 1
        elif sign == ";" and not depth:
            yield css[start:at].strip().lower(), ""
            start = at + 1


def _selectors(prelude: str) -> Iterator[str]:
    if "," in prelude:
        yield "selector grouping"
    for selector in prelude.split(","):
        if "[" in selector:
            yield "selector attribute"
        bare = _BRACKETS.sub("", selector).strip()
        yield from (f"pseudo {each}" for each in _PSEUDO.findall(bare))
        bare = _PSEUDO.sub("", bare)
        parts = re.split(r"\s*([>+~])\s*|\s+", bare)
        if re.search(r"[\w*]\s+[\w.#*]", bare):
            yield "selector descendant"
        for part in parts:
            if part in _COMBINATORS:
                yield f"selector {_COMBINATORS[part]}"
            elif part:
                kinds = [_KINDS.get(sign, "type") for sign in _SIMPLE.findall(part)]
                yield from (f"selector {kind}" for kind in kinds)
                if kinds.count("class") > 1 or ("class" in kinds and len(kinds) > 1):
                    yield "selector chaining"


def _declarations(block: str) -> Iterator[str]:
    for declaration in _STRING.sub(" ", block.lower()).split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not name or name.startswith(("mso-", "-")):
            continue  # for one family of programs alone, by its own name
        yield f"property {name}"
        if "!important" in value:
            yield "keyword !important"
            value = value.replace("!important", "").strip()
        yield f"value {name}:{value}"
        yield from (f"function {each}" for each in _FUNCTION.findall(value))
        yield from (f"unit {each}" for each in _UNIT.findall(value))
        yield from (f"word {each}" for each in _WORD.findall(value))
