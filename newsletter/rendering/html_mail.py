"""HTML of document nodes for mail: tables with padded cells where Outlook knows no boxes, pixels, https."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newsletter.document import (
    Block,
    CodeBlock,
    Figure,
    Inline,
    Merge,
    Picture,
    Quotation,
    Table,
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
        super().__init__(bibliography, tier, issue_url)
        self._pictures = pictures
        self._holes = holes
        sizes = theme.tokens["sizes"]
        self._width = int(sizes["width"]) - 2 * int(sizes["gutter"])
        self._surface = theme.tokens["light"]["surface"]

    def _quotation(self, quotation: Quotation) -> str:
        content = self._narrower(quotation.blocks, QUOTE_INSET)
        return _boxed("quote", f"<blockquote>\n{content}</blockquote>\n{self._attribution(quotation)}")

    def _figure(self, figure: Figure) -> str:
        image = self._image(figure.picture, self._width)
        if not figure.caption:
            return f'<p class="figure">{image}</p>\n'
        caption = self._inlines(figure.caption)
        return f'<p class="figure captioned">{image}</p>\n<p class="caption">{caption}</p>\n'

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
        return self._image(picture, 0)

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

    def _image(self, picture: Picture, unknown: int) -> str:
        """An img as wide as the picture or the column; `unknown` wide where its size is not known."""
        known = self._pictures.get(picture.src)
        size = ""
        if known and known.width and known.height:
            width = min(self._width, known.width)
            size = f' width="{width}" height="{max(1, round(known.height * width / known.width))}"'
        elif unknown:
            size = f' width="{unknown}"'
        return f'<img src="{escape(self._source(picture.src))}" alt="{escape(picture.alt)}"{size}>'

    def _source(self, src: str) -> str:
        return src if "://" in src else self._base + src.rpartition("/")[2]


def _boxed(kind: str, content: str, colour: str = "") -> str:
    """Content in a cell of its own, and under it a row of air: margins of tables do not survive Outlook."""
    return (
        f'<table role="presentation" {_TABLE}><tbody><tr><td class="{kind}"{colour}>\n{content}</td></tr>'
        '<tr><td class="air">&nbsp;</td></tr></tbody></table>\n'
    )
