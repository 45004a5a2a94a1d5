"""HTML of document nodes for the archive's pages: figures, quotations, asides, footnotes with ways back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from newsletter.document import (
    Block,
    CodeBlock,
    Figure,
    Inline,
    Merge,
    Picture,
    Quotation,
    Table,
    Video,
)
from newsletter.model import PictureFile, Tier
from newsletter.rendering.html import HtmlRenderer, escape
from newsletter.rendering.words import Words
from newsletter.writing.citations import Bibliography

_TAGS = {"aside": "aside", "objection": "section", "members": "section"}


class WebRenderer(HtmlRenderer):
    """Renders passages for a page; afterwards `shown` holds the sources of the pictures on it, in order."""

    place = "web"
    alignment = 'style="text-align:{}"'

    def __init__(
        self,
        bibliography: Bibliography,
        tier: Tier,
        pictures: Mapping[str, PictureFile],
        picture_href: Callable[[str], str],
        words: Words,
    ) -> None:
        super().__init__(bibliography, tier, "", words)
        self.shown: dict[str, None] = {}
        self.about = ""
        """What the passage is about, to tell its notes from those of others."""
        self._tables = 0
        self._pictures = pictures
        self._picture_href = picture_href

    def _quotation(self, quotation: Quotation) -> str:
        content = f"<blockquote>\n{self.blocks(quotation.blocks)}</blockquote>\n"
        if not quotation.attribution:
            return f'<div class="quote">\n{content}</div>\n'
        credit = self._inlines(quotation.attribution, credit=True)
        caption = f'<figcaption class="attribution">— {credit}</figcaption>\n'
        return f'<figure class="quote">\n{content}{caption}</figure>\n'

    def _figure(self, figure: Figure) -> str:
        image = self._picture(figure.picture)
        caption = (
            f'<figcaption class="caption">{self._inlines(figure.caption)}</figcaption>\n'
            if figure.caption
            else ""
        )
        return f'<figure class="figure">\n{image}\n{caption}</figure>\n'

    def _video(self, video: Video) -> str:
        still = f"{self._watch(video, self._picture(video.picture))}\n" if video.picture else ""
        return f'<div class="video">\n{still}<div>\n{self._video_words(video)}</div>\n</div>\n'

    def _panel(self, kind: str, kicker: str, title: Sequence[Inline], blocks: Sequence[Block]) -> str:
        tag = _TAGS[kind]
        head = f'<p class="kicker">{kicker}</p>\n' if kicker else ""
        if title:
            head += f"<h3>{self._inlines(title)}</h3>\n"
        return f'<{tag} class="{kind}">\n{head}{self.blocks(blocks)}</{tag}>\n'

    def _code_block(self, code: CodeBlock) -> str:
        language = f' class="language-{escape(code.language)}"' if code.language else ""
        return f'<pre class="code"><code{language}>{escape(code.text)}</code></pre>\n'

    def _table(self, table: Table) -> str:
        self._tables += 1
        label = f"{self._say('table')} {self._tables}"
        opening = f'<div class="tabled" role="region" aria-label="{label}" tabindex="0">'
        return f'{opening}<table class="data">{self._rows(table)}</table></div>\n'

    def _rule(self) -> str:
        return '<hr class="break">\n'

    def _picture(self, picture: Picture) -> str:
        self.shown[picture.src] = None
        known = self._pictures.get(picture.src)
        size = (
            f' width="{known.width}" height="{known.height}"'
            if known and known.width and known.height
            else ""
        )
        src = escape(self._picture_href(picture.src))
        return f'<img src="{src}" alt="{escape(picture.alt)}"{size} loading="lazy" decoding="async">'

    def _merge(self, merge: Merge) -> str:
        return escape(merge.fallback or "")

    def _note_ref(self, number: int, first: bool) -> str:
        name = f"note-{self._id(number)}"
        mark = f' id="{name}-mark"' if first else ""
        return f'<sup class="noteref"><a{mark} href="#{name}" role="doc-noteref">{number}</a></sup>'

    def _notes(self, notes: Sequence[tuple[int, str]]) -> str:
        back = self._say("back_to_text")
        items = "".join(
            f'<li id="note-{self._id(number)}" value="{number}">\n{content}'
            f'<p class="back"><a href="#note-{self._id(number)}-mark" role="doc-backlink">'
            f"{back}</a></p></li>\n"
            for number, content in notes
        )
        label = f"{self._say('notes')}: {escape(self.about)}" if self.about else self._say("notes")
        opening = f'<section class="notes" role="doc-endnotes" aria-label="{label}">'
        return f"{opening}\n<ol>\n{items}</ol>\n</section>\n"

    def _id(self, number: int) -> str:
        """Part of a note's id; anchors are letters, digits and hyphens, so it needs no escaping."""
        return f"{escape(self._anchor)}-{number}" if self._anchor else str(number)
