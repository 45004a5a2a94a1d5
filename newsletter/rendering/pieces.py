"""The passages of an issue in both forms of the mail; what both tiers see alike is rendered only once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsletter.document import Figure, Nugget
from newsletter.model import Issue, PictureFile, Tier
from newsletter.rendering.content import finish
from newsletter.rendering.holes import Holes
from newsletter.rendering.html_mail import FIGURE_MARK, MailRenderer
from newsletter.rendering.mail import Passage
from newsletter.rendering.text import TextRenderer
from newsletter.rendering.theme import Theme
from newsletter.writing.citations import Bibliography


@dataclass(frozen=True, slots=True)
class Form:
    """What one form of the mail, HTML or plain text, shows to one tier."""

    intro: str
    nuggets: tuple[Passage, ...]
    references: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    """A nugget, or the introduction, while it is made. `html`: its content (with marks around the nugget's
    first figure), that figure as a picture for a card, and the figure's caption."""

    title: str
    html: list[str]
    text: Passage
    cited: frozenset[str]
    tiered: bool

    def passage(self) -> Passage:
        """The HTML, when it is finished."""
        content, picture, caption = self.html
        before, *cut = content.split(FIGURE_MARK)
        figure, after = cut or ("", "")
        return Passage(
            title=self.title,
            content=before + figure + after,
            url=self.text.url,
            members_only=self.text.members_only,
            picture=picture,
            caption=caption,
            rest=before + after,
        )


class Pieces:
    """The passages of an issue, rendered; `styles` is the style sheet that is written into the HTML."""

    def __init__(
        self,
        issue: Issue,
        bibliography: Bibliography,
        pictures: Mapping[str, PictureFile],
        theme: Theme,
        issue_url: str,
        holes: Holes,
        styles: str,
    ) -> None:
        self._bibliography = bibliography
        self._issue_url = issue_url
        self._renderers = {
            tier: (
                MailRenderer(bibliography, tier, issue_url, pictures, theme, holes),
                TextRenderer(bibliography, tier, issue_url, holes.stand_in, theme.words),
            )
            for tier in Tier
        }
        body = issue.body
        self._nuggets = (Nugget((), "", body.intro, body.notes), *body.nuggets)
        self._drafts: dict[Tier, list[_Draft]] = {Tier.FREE: [], Tier.MEMBER: []}
        self._draft_all()
        self._references = self._render_references()
        self._finish(styles)

    def html(self, tier: Tier) -> Form:
        """What readers of `tier` get as HTML."""
        intro, *nuggets = (draft.passage() for draft in self._drafts[tier])
        references = [html for key, (html, _) in self._references.items() if key in self._cited(tier)]
        return Form(intro.content, tuple(nuggets), tuple(references))

    def text(self, tier: Tier) -> Form:
        """What readers of `tier` get as plain text."""
        intro, *nuggets = (draft.text for draft in self._drafts[tier])
        references = [text for key, (_, text) in self._references.items() if key in self._cited(tier)]
        return Form(intro.content, tuple(nuggets), tuple(references))

    def _cited(self, tier: Tier) -> frozenset[str]:
        return frozenset().union(*(draft.cited for draft in self._drafts[tier]))

    def _draft_all(self) -> None:
        free, member = self._drafts[Tier.FREE], self._drafts[Tier.MEMBER]
        for nugget in self._nuggets:
            if not nugget.members_only:
                free.append(self._draft(nugget, Tier.FREE))
            if nugget.members_only or free[-1].tiered:
                member.append(self._draft(nugget, Tier.MEMBER))
            else:
                member.append(free[-1])

    def _draft(self, nugget: Nugget, tier: Tier) -> _Draft:
        html, text = self._renderers[tier]
        html.begin()
        figure = next((block for block in nugget.blocks if isinstance(block, Figure)), None)
        content = html.marked_passage(nugget, figure)
        picture, caption = html.card(figure) if figure else ("", "")
        words = text.passage(nugget.blocks, nugget.notes)
        url = f"{self._issue_url}#{nugget.anchor}"
        return _Draft(
            html.title(nugget.title),
            [content, picture, caption],
            Passage(text.title(nugget.title), words, url, nugget.members_only, rest=words),
            frozenset(html.cited),
            html.tiered,
        )

    def _render_references(self) -> dict[str, tuple[str, str]]:
        """Every entry of the bibliography in both forms, by its key."""
        html, text = self._renderers[Tier.MEMBER]
        references = {}
        for entry in self._bibliography.entries:
            mark = f"[{entry.number}] " if self._bibliography.numbered else ""
            references[entry.reference.key] = (
                f'<p class="reference">{mark}{html.line(entry.full)}</p>\n',
                mark + text.reference(entry.full),
            )
        return references

    def _finish(self, styles: str) -> None:
        """Sanitises and styles all HTML at once."""
        drafts = list({id(draft): draft for draft in self._all_drafts()}.values())
        texts = [text for draft in drafts for text in draft.html]
        finished = iter(finish([*texts, *(html for html, _ in self._references.values())], styles))
        for draft in drafts:
            draft.html = [next(finished) for _ in draft.html]
        self._references = {
            key: (html, text)
            for (key, (_, text)), html in zip(self._references.items(), finished, strict=True)
        }

    def _all_drafts(self) -> Iterable[_Draft]:
        return (draft for drafts in self._drafts.values() for draft in drafts)
