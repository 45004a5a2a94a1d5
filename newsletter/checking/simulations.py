"""A mail's HTML as some mail programs make it: for looking at, not a promise of their every pixel.

What each program drops comes from the table of `clients`; what it changes besides is written here.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable, Collection, Mapping
from html import escape
from html.parser import HTMLParser

from newsletter.rendering.budget import HTML_LIMIT

GMAIL_STYLE_LIMIT = 8192
"""Characters of style sheets in the head that Gmail takes; what comes later is left out."""

_CLIPPED = (
    '<div style="padding:12px 0;font-family:Arial,sans-serif;font-size:13px;color:#222222;">'
    "[Message clipped]&nbsp; View entire message</div>"
)
_GMAIL_PREFIX = "m_"
_DARKEST = 0.07
"""Lightness that forced dark modes give to what was white; pure black is rare."""

_MSO_ON = re.compile(r"<!--\[if ([^\]]*)\]>(?!<!)(.*?)<!\[endif\]-->", re.DOTALL)
_MSO_OFF = re.compile(r"<!--\[if ([^\]]*)\]><!-->(.*?)<!--<!\[endif\]-->", re.DOTALL)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_MEDIA = re.compile(r"@media([^{]*)\{((?:[^{}]|\{[^{}]*\})*)\}")
_WIDTH_QUERY = re.compile(
    r"\s*(?:only\s+)?(?:screen|all)?\s*(?:and)?\s*(?:\(\s*(?:min|max)-width\s*:[^)]*\)\s*(?:and)?\s*)*"
)
_RULE_BODY = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"(?<=[.#])(?=[A-Za-z_-][\w-]*[^{};]*\{)")
_COLOUR = re.compile(r"#([0-9a-fA-F]{6})\b")
_BACKGROUND_PICTURE = re.compile(r"background(?:-image)?\s*:\s*url\([^)]*\)\s*;?")

Attributes = list[tuple[str, str | None]]


def gmail(html: str, dropped: Collection[str]) -> str:
    """As Gmail's web page shows it: names of classes changed, the body a part of its own page, queries that
    it does not know and properties in `dropped` left out, and cut off at its limit."""
    octets = html.encode()
    if len(octets) > HTML_LIMIT:
        html = octets[:HTML_LIMIT].decode(errors="ignore") + _CLIPPED
    used = 0

    def sheet(css: str) -> str:
        nonlocal used
        used += len(css)
        if used > GMAIL_STYLE_LIMIT or css.count("{") != css.count("}"):
            return ""
        css = _MEDIA.sub(lambda found: found[0] if _WIDTH_QUERY.fullmatch(found[1]) else "", css)
        css = _RULE_BODY.sub(lambda found: "{" + _without(found[1], dropped) + "}", css)
        return _NAME.sub(_GMAIL_PREFIX, css)

    def tag(name: str, attributes: Attributes) -> tuple[str, Attributes]:
        changed: Attributes = []
        for key, value in attributes:
            value = value or ""
            if key in ("class", "id"):
                value = " ".join(_GMAIL_PREFIX + each for each in value.split())
            changed.append((key, _without(value, dropped) if key == "style" else value))
        return ("div" if name == "body" else name), changed

    page = _Rewriter(tag=tag, sheet=sheet, end={"body": "div"}).rewrite(_comments_out(html))
    return _MSO_ON.sub("", page)


def outlook(html: str, dropped: Collection[str]) -> str:
    """As classic Outlook on Windows (Word's engine) takes it: its conditional comments followed, no media
    queries, no properties in `dropped` and no widths that only limit."""
    gone = {*dropped, "max-width"}
    html = _MSO_OFF.sub(lambda found: found[2] if _holds(found[1]) else "", html)
    html = _MSO_ON.sub(lambda found: found[2] if _holds(found[1]) else "", html)

    def sheet(css: str) -> str:
        return _RULE_BODY.sub(lambda found: "{" + _without(found[1], gone) + "}", _MEDIA.sub("", css))

    def tag(name: str, attributes: Attributes) -> tuple[str, Attributes]:
        if name == "style" and any(key == "media" for key, _ in attributes):
            return "", []
        return name, [
            (key, _without(value or "", gone) if key == "style" else value) for key, value in attributes
        ]

    return _Rewriter(tag=tag, sheet=sheet).rewrite(html)


def images_off(html: str) -> str:
    """Without pictures, as many programs show a mail until they are asked for them."""

    def tag(name: str, attributes: Attributes) -> tuple[str, Attributes]:
        kept = [(key, value) for key, value in attributes if key not in ("src", "srcset", "background")]
        return name, [
            (key, _BACKGROUND_PICTURE.sub("", value or "") if key == "style" else value)
            for key, value in kept
        ]

    return _Rewriter(tag=tag).rewrite(html)


def dark_forced(html: str) -> str:
    """As programs that turn colours over without being asked show it: light becomes dark and the reverse, the
    mail's own dark colours are never asked for, pictures stay."""

    def sheet(css: str) -> str:
        kept = _MEDIA.sub(lambda found: "" if "prefers-color-scheme" in found[1] else found[0], css)
        return _COLOUR.sub(_turned, kept.replace("color-scheme", "-unasked"))

    def tag(name: str, attributes: Attributes) -> tuple[str, Attributes]:
        if name == "meta" and any("color-scheme" in (value or "") for _, value in attributes):
            return "", []
        changed = [
            (key, _COLOUR.sub(_turned, value or "") if key in ("style", "bgcolor", "color") else value)
            for key, value in attributes
        ]
        if name == "body":
            changed.insert(0, ("text", turned("#000000")))
        return name, changed

    return _Rewriter(tag=tag, sheet=sheet).rewrite(html)


def turned(colour: str) -> str:
    """A six-digit colour with its lightness turned over, hue and saturation kept."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    light = _DARKEST + (1 - _DARKEST) * (1 - light)
    return "#" + "".join(f"{round(each * 255):02x}" for each in colorsys.hls_to_rgb(hue, light, saturation))


def _turned(found: re.Match[str]) -> str:
    return turned(found[0])


def _holds(condition: str) -> bool:
    """Whether Outlook 2016 and later (mso 16) takes a conditional comment."""
    return any(_true(each.strip(" ()")) for each in condition.split("|"))


def _true(term: str) -> bool:
    if term.startswith("!"):
        return not _true(term[1:].strip(" ()"))
    found = re.fullmatch(r"(?:(gte|gt|lte|lt)\s+)?mso(?:\s+(\d+))?", term.strip())
    if not found:
        return False
    if not found[2]:
        return True
    version = int(found[2])
    return {"gte": version <= 16, "gt": version < 16, "lte": version >= 16, "lt": version > 16}.get(
        found[1] or "", version == 16
    )


def _without(style: str, dropped: Collection[str]) -> str:
    """Declarations without those of `dropped` properties and other programs' own."""
    kept = [
        declaration.strip()
        for declaration in style.split(";")
        if declaration.strip() and declaration.partition(":")[0].strip().lower() not in dropped
    ]
    return ";".join(kept)


def _comments_out(html: str) -> str:
    """What everybody but Outlook reads of conditional comments, without the comments."""
    return _MSO_OFF.sub(lambda found: found[2], html)


class _Rewriter(HTMLParser):
    """Writes HTML again, its start tags and style sheets changed: a tag named "" is left out."""

    def __init__(
        self,
        *,
        tag: Callable[[str, Attributes], tuple[str, Attributes]],
        sheet: Callable[[str], str] = lambda css: css,
        end: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(convert_charrefs=False)
        self._tag = tag
        self._sheet = sheet
        self._end = end or {}
        self._pieces: list[str] = []
        self._style: str | None = None
        self._skipped = False

    def rewrite(self, html: str) -> str:
        """The whole document."""
        self.feed(html)
        self.close()
        return "".join(self._pieces)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        name, attributes = self._tag(tag, attrs)
        if tag == "style":
            self._style = ""
            self._skipped = not name
        if not name:
            return
        written = "".join(
            f" {key}" if value is None else f' {key}="{escape(value, quote=True)}"'
            for key, value in attributes
        )
        self._pieces.append(f"<{name}{written}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._style is not None:
            if not self._skipped:
                self._pieces.append(f"{self._sheet(_CSS_COMMENT.sub('', self._style))}</style>")
            self._style = None
            return
        self._pieces.append(f"</{self._end.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        if self._style is not None:
            self._style += data
        else:
            self._pieces.append(data)

    def handle_entityref(self, name: str) -> None:
        self._pieces.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._pieces.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._pieces.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._pieces.append(f"<!{decl}>")
