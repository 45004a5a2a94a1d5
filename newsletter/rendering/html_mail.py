"""HTML of document nodes for mail: tables with padded cells where Outlook knows no boxes, pixels, https."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newsletter.document import (
    Block,
    CodeBlock,
    Figure,
    Inline,
    Merge,
    Nugget,
    Picture,
    Quotation,
    Table,
    Video,
)
from newsletter.model import PictureFile, Tier
from newsletter.rendering.holes import Holes
from newsletter.rendering.html import HtmlRenderer, escape
from newsletter.rendering.theme import Theme
from newsletter.writing.citations import Bibliography

QUOTE_INSET = 21
"""Pixels that a quotation's rule and padding take from its width, as in the theme's content.css.j2."""

PANEL_INSET = 40
"""Pixels that a panel's padding takes from its width."""

STILL_WIDTH = 120
"""Pixels of the still in a video's card: small enough to leave room for the title on a telephone."""

FIGURE_MARK = "\ufffe!\uffff"
"""Stands at both ends of the figure that a theme may show elsewhere, made as the stand-ins in `holes` are."""

_STILL_GAP = 16

_TABLE = 'width="100%" cellpadding="0" cellspacing="0" border="0"'


class MailRenderer(HtmlRenderer):
    """Renders passages for mail. Pictures are addressed beside the issue's page in the archive."""

    place = "email"
    alignment = 'align="{}"'

    def __init__(
        self,
        bibliography: Bibliography,
        tier: Tier,
        issue_url: str,
        pictures: Mapping[str, PictureFile],
        theme: Theme,
        holes: Holes,
    ) -> None:
        super().__init__(bibliography, tier, issue_url, theme.words)
        self._pictures = pictures
        self._holes = holes
        sizes = theme.tokens["sizes"]
        self._card = int(sizes["width"]) - 2 * int(sizes["gutter"])
        self._width = self._card - 2 * int(sizes["inset"])
        self._marked: Figure | None = None
        self._surface = theme.tokens["light"]["surface"]

    def marked_passage(self, nugget: Nugget, figure: Figure | None) -> str:
        """A nugget's text with a FIGURE_MARK before and after `figure`, one of its own blocks."""
        self._marked = figure
        return self.passage(nugget.blocks, nugget.notes, nugget.anchor)

    def card(self, figure: Figure) -> tuple[str, str]:
        """A figure in two pieces, for a card: the picture as wide as a card, and the caption, which may be
        empty."""
        self._width, width = self._card, self._width
        picture = self._figure_picture(figure.picture, "figure card")
        self._width = width
        return picture, self._caption(figure)

    def _quotation(self, quotation: Quotation) -> str:
        content = self._narrower(quotation.blocks, QUOTE_INSET)
        return _boxed("quote", f"<blockquote>\n{content}</blockquote>\n{self._attribution(quotation)}")

    def _figure(self, figure: Figure) -> str:
        caption = self._caption(figure)
        picture = self._figure_picture(figure.picture, "figure captioned" if caption else "figure")
        mark = FIGURE_MARK if figure is self._marked else ""
        return f"{mark}{picture}{caption}{mark}"

    def _figure_picture(self, picture: Picture, kind: str) -> str:
        """A picture in a paragraph as wide as the column, or as the picture if that is smaller.

        The theme lets it fill the paragraph. Said in pixels alone, its width would widen the column of a
        telephone that does not get to show it.
        """
        width = self._size(picture)
        narrow = f' style="max-width:{width}px"' if 0 < width < self._width else ""
        return f'<p class="{kind}"{narrow}>{self._image(picture, width or self._width)}</p>\n'

    def _caption(self, figure: Figure) -> str:
        return f'<p class="caption">{self._inlines(figure.caption)}</p>\n' if figure.caption else ""

    def _video(self, video: Video) -> str:
        card = self._video_words(video)
        if video.picture:
            self._width, width = STILL_WIDTH, self._width
            still = self._watch(video, self._image(video.picture, self._size(video.picture) or STILL_WIDTH))
            self._width = width
            card = (
                f'<table role="presentation" {_TABLE}><tbody><tr>'
                f'<td class="still" width="{STILL_WIDTH + _STILL_GAP}" valign="top">{still}</td>\n'
                f'<td valign="top">\n{card}</td></tr></tbody></table>\n'
            )
        return _boxed("panel video", card, f' bgcolor="{self._surface}"')

    def _panel(self, kind: str, kicker: str, title: Sequence[Inline], blocks: Sequence[Block]) -> str:
        head = f'<p class="kicker">{kicker}</p>\n' if kicker else ""
        if title:
            head += f"<h3>{self._inlines(title)}</h3>\n"
        content = self._narrower(blocks, PANEL_INSET)
        return _boxed(f"panel {kind}", head + content, f' bgcolor="{self._surface}"')

    def _code_block(self, code: CodeBlock) -> str:
        return _boxed(
            "panel code", f"<pre><code>{escape(code.text)}</code></pre>", f' bgcolor="{self._surface}"'
        )

    def _table(self, table: Table) -> str:
        return _boxed("tabled", f'<table class="data" {_TABLE}>{self._rows(table)}</table>')

    def _rule(self) -> str:
        return '<p class="break">* * *</p>\n'

    def _picture(self, picture: Picture) -> str:
        return self._image(picture, self._size(picture))

    def _merge(self, merge: Merge) -> str:
        return self._holes.stand_in(merge)

    def _note_ref(self, number: int, first: bool) -> str:
        del first
        return f'<sup class="noteref">{number}</sup>'

    def _notes(self, notes: Sequence[tuple[int, str]]) -> str:
        rows = "".join(
            f'<tr><td class="number" width="22" valign="top">{number}</td>'
            f'<td class="note">{content}</td></tr>\n'
            for number, content in notes
        )
        return f'<table class="notes" role="presentation" {_TABLE}><tbody>{rows}</tbody></table>\n'

    def _narrower(self, blocks: Sequence[Block], inset: int) -> str:
        self._width -= inset
        content = self.blocks(blocks)
        self._width += inset
        return content

    def _size(self, picture: Picture) -> int:
        """How wide a picture is shown, in pixels; 0 when its size is not known."""
        known = self._pictures.get(picture.src)
        return min(self._width, known.width) if known and known.height else 0

    def _image(self, picture: Picture, width: int) -> str:
        size = f' width="{width}"' if width else ""
        if self._size(picture):
            known = self._pictures[picture.src]
            size += f' height="{max(1, round(known.height * width / known.width))}"'
        return f'<img src="{escape(self._source(picture.src))}" alt="{escape(picture.alt)}"{size}>'

    def _source(self, src: str) -> str:
        return src if "://" in src else self._base + src.rpartition("/")[2]


def _boxed(kind: str, content: str, colour: str = "") -> str:
    """Content in a cell of its own, and under it a row of air: margins of tables do not survive Outlook."""
    return (
        f'<table role="presentation" {_TABLE}><tbody><tr><td class="{kind}"{colour}>\n{content}</td></tr>'
        '<tr><td class="air">&nbsp;</td></tr></tbody></table>\n'
    )
