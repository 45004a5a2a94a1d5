"""What the sanitiser lets into a mail, and the theme's styles written into each element of its content."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import css_inline
import nh3

_SHARED = {"class"}
_TABLE = {"role", "width", "cellpadding", "cellspacing", "border"}
_ALLOWED: dict[str, set[str]] = {
    **dict.fromkeys(("h3", "h4", "h5", "h6", "blockquote", "ul", "li", "pre", "code", "br"), _SHARED),
    **dict.fromkeys(("em", "strong", "s", "sup", "thead", "tbody", "tr"), _SHARED),
    "p": _SHARED | {"style"},
    "a": _SHARED | {"href"},
    "img": _SHARED | {"src", "alt", "width", "height"},
    "ol": _SHARED | {"start"},
    "table": _SHARED | _TABLE,
    "th": _SHARED | {"scope", "align"},
    "td": _SHARED | {"align", "valign", "width", "bgcolor"},
}


def finish(contents: Sequence[str], css: str) -> list[str]:
    """Pieces of mail content as they are sent: only allowed elements, with the rules of `css` inlined.

    Our renderers write nothing else, so that for their HTML the sanitiser is a second lock, not the first.
    """
    filled = [index for index, content in enumerate(contents) if content]
    # one document for all pieces, in elements of their own that the sanitiser lets no content have
    cleaned = "</section><section>".join(_cleaner().clean(contents[index]) for index in filled)
    inlined = _inliner().inline_fragment(f"<section>{cleaned}</section>", css)
    finished = [""] * len(contents)
    pieces = inlined.removeprefix("<section>").removesuffix("</section>").split("</section><section>")
    for index, piece in zip(filled, pieces if filled else [], strict=True):
        finished[index] = piece
    return finished


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_ALLOWED),
        attributes=_ALLOWED,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        filter_style_properties={"max-width"},
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(inline_style_tags=False, load_remote_stylesheets=False, minify_css=True)
