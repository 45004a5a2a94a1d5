"""The tags of Liquid (Jekyll, Eleventy) and the shortcodes of Hugo: what can be said in Markdown is, the rest
is taken out and reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import TypeAlias

Note = tuple[int, str]
"""The line of something that could not be kept, counted from 1 in the text, and what it was."""

_CODE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)[`~]*[ \t]*$"
    r"|(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)
_HIGHLIGHT = re.compile(
    r"\{%-?\s*highlight\s+(?P<liquid>[\w+#-]+)[^%]*%\}\n?(?P<first>.*?)\{%-?\s*endhighlight\s*-?%\}"
    r"|\{\{[<%]\s*highlight\s+\"?(?P<hugo>[\w+#-]+)\"?[^>%]*[>%]\}\}\n?(?P<second>.*?)\{\{[<%]\s*/\s*highlight\s*[>%]\}\}",
    re.DOTALL,
)
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|\{#-?\s.*?-?#\}", re.DOTALL)
_SHORTCODE = re.compile(r"\{\{[<%]\s*(?P<end>/?)\s*(?P<name>[\w./-]+)(?P<rest>.*?)/?\s*[>%]\}\}", re.DOTALL)
_LIQUID = re.compile(r"\{%-?\s*(?P<name>\w+)(?P<rest>.*?)-?%\}", re.DOTALL)
_OUTPUT = re.compile(r"\{\{-?\s*(?P<inside>[^{}]*?)\s*-?\}\}")
_ARGUMENT = re.compile(
    r"""(?:(?P<key>[\w-]+)\s*=\s*)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'=]+))"""
)
_FILTERED = re.compile(
    r"""["']?(?P<path>[^"'|\s]+)["']?\s*\|\s*(?:relative_url|absolute_url|url|asset_url)\b.*""", re.DOTALL
)
_CONTAINER = re.compile(r"^:{3,}[ \t]*(?P<name>[\w-]*)[^\n]*$", re.MULTILINE)
_KRAMDOWN = re.compile(
    r"^[ \t]*\{:[^{}\n]*\}[ \t]*$|(?<=[)\]*_`\w])\{:[^{}\n]*\}|[ \t]+\{[#.][\w .#=\"-]*\}[ \t]*$",
    re.MULTILINE,
)
_KEPT = "\ue0f0"
"""Stands for a piece that is put aside. The number of the piece follows, as many line feeds as what it stands
for had, so that lines can still be counted, and the sign again."""
_ASIDE = re.compile(f"{_KEPT}(\\d+)\n*{_KEPT}")


@dataclass(slots=True)
class _Work:
    """The text as it changes, the pieces that are put aside, and what was noticed."""

    title: str
    aside: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def put_aside(self, text: str, lines: int) -> str:
        self.aside.append(text)
        line_feeds = "\n" * lines
        return f"{_KEPT}{len(self.aside) - 1}{line_feeds}{_KEPT}"

    def back(self, text: str) -> str:
        while _ASIDE.search(text):
            text = _ASIDE.sub(lambda match: self.aside[int(match[1])], text)
        return text


_Change: TypeAlias = Callable[[re.Match[str], int, _Work], str]
"""Makes text of a match, which begins on a line, and notes what it could not keep."""


def without_shortcodes(text: str, title: str) -> tuple[str, list[Note]]:
    """`text`, Markdown, in which nothing is left for a template engine to do; code is not touched."""
    work = _Work(title)
    text = text.replace(_KEPT, "")
    for pattern, change in _STEPS:
        text = _with_lines(text, pattern, change, work)
    text = _KRAMDOWN.sub("", text)
    return work.back(text), sorted(work.notes)


def _with_lines(text: str, pattern: re.Pattern[str], change: _Change, work: _Work) -> str:
    """Puts every match aside as what `change` makes of it."""
    parts: list[str] = []
    end, line = 0, 1
    for match in pattern.finditer(text):
        before = text[end : match.start()]
        line += before.count("\n")
        lines = match[0].count("\n")
        parts += [before, work.put_aside(change(match, line, work), lines)]
        line += lines
        end = match.end()
    return "".join([*parts, text[end:]])


def _fence(match: re.Match[str], _line: int, _work: _Work) -> str:
    code = match["first"] if match["liquid"] else match["second"]
    return f"\n````{match['liquid'] or match['hugo']}\n{code.rstrip()}\n````\n"


def _raw(match: re.Match[str], _line: int, _work: _Work) -> str:
    return match[1]


def _code(match: re.Match[str], _line: int, _work: _Work) -> str:
    return match[0]


def _comment(match: re.Match[str], _line: int, _work: _Work) -> str:
    return "\n" * match[0].count("\n")


def _hugo(match: re.Match[str], line: int, work: _Work) -> str:
    name, arguments = match["name"].lower(), _arguments(match["rest"])
    if match["end"]:
        return ""
    match name:
        case "figure" | "img" | "image":
            return _figure(arguments)
        case "youtube" | "vimeo" | "tweet" | "twitter" | "x" | "instagram":
            return _embedded(name, arguments)
        case "ref" | "relref":
            return arguments.get("path") or arguments.get("0", "")
    work.notes.append((line, f"the shortcode {name}"))
    return ""


def _liquid(match: re.Match[str], line: int, work: _Work) -> str:
    name, rest = match["name"].lower(), match["rest"]
    arguments = _arguments(rest)
    match name:
        case "youtube" | "vimeo" | "twitter" | "tweet":
            return _embedded(name, arguments)
        case "post_url":
            return f"/{arguments.get('0', '').rpartition('/')[2][11:]}/"
        case "link":
            return f"/{arguments.get('0', '')}"
        case "image" | "figure" | "picture" | "responsive_image":
            return _figure(arguments)
        case "include" | "include_relative" | "render" | "include_cached":
            site = next((one for one in ("youtube", "vimeo") if one in arguments.get("0", "")), "")
            if site and arguments.get("id"):
                return _embedded(site, arguments)
            if figure := _figure({key: value for key, value in arguments.items() if key != "0"}):
                return figure
    work.notes.append((line, f"the tag {name}"))
    return ""


def _output(match: re.Match[str], line: int, work: _Work) -> str:
    inside = match["inside"].strip()
    if filtered := _FILTERED.fullmatch(inside):
        return filtered["path"]
    if inside in ("page.title", "title"):
        return work.title
    if inside.partition("|")[0].strip() in ("site.baseurl", "site.url", "site.github.url", "base_url"):
        return ""
    work.notes.append((line, f"the field {inside.partition('|')[0].strip() or '{{}}'}"))
    return ""


def _container(match: re.Match[str], line: int, work: _Work) -> str:
    if match["name"]:
        work.notes.append((line, f"the container {match['name']}"))
    return ""


def _arguments(text: str) -> dict[str, str]:
    """The values by their keys; those without a key by their number."""
    found: dict[str, str] = {}
    for match in _ARGUMENT.finditer(text.replace(",", " ")):
        values = (match["double"], match["single"], match["bare"])
        value = next(one for one in values if one is not None)
        found[match["key"] or str(sum(key.isdigit() for key in found))] = value
    return found


def _figure(arguments: dict[str, str]) -> str:
    names = ("src", "url", "image", "image_path", "path", "file", "0")
    source = next((arguments[name] for name in names if arguments.get(name)), "")
    if not source:
        return ""
    alt = arguments.get("alt") or arguments.get("1", "")
    caption = arguments.get("caption") or arguments.get("title") or ""
    figcaption = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'\n\n<figure><img src="{escape(source)}" alt="{escape(alt)}">{figcaption}</figure>\n\n'


def _embedded(name: str, arguments: dict[str, str]) -> str:
    key = arguments.get("id") or arguments.get("0", "")
    last = arguments.get("1", key) if not arguments.get("id") else key
    address = {
        "youtube": f"https://www.youtube.com/watch?v={key}",
        "vimeo": f"https://vimeo.com/{key}",
        "instagram": f"https://www.instagram.com/p/{key}/",
    }.get(name, f"https://twitter.com/i/status/{last}")
    if key.startswith("http"):
        address = key
    return f'\n\n<p><a href="{escape(address)}">{escape(address)}</a></p>\n\n'


_STEPS: tuple[tuple[re.Pattern[str], _Change], ...] = (
    (_HIGHLIGHT, _fence),
    (_RAW, _raw),
    (_CODE, _code),
    (_COMMENT, _comment),
    (_CONTAINER, _container),
    (_SHORTCODE, _hugo),
    (_LIQUID, _liquid),
    (_OUTPUT, _output),
)
"""What is looked for, in this order: code first, so that nothing in it is touched."""
