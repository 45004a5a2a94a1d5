"""A post becomes the text of an archived issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from newsletter.document import Block, Figure, Heading, Link, Picture
from newsletter.errors import Level, Problem
from newsletter.gathering.dialect import read_html, write_dialect
from newsletter.gathering.frontmatter import write_front_matter
from newsletter.gathering.pictures import pictures, settled, with_pictures
from newsletter.gathering.shortening import cut_line
from newsletter.importing import notes
from newsletter.importing.markdown import render_markdown
from newsletter.importing.posts import Post
from newsletter.importing.shortcodes import without_shortcodes
from newsletter.model import FeedSource
from newsletter.writing.walk import plain

_PREHEADER = 110
_TOP = 2


@dataclass(frozen=True, slots=True)
class Converted:
    """A post's text as blocks, its footnotes as HTML, its pictures as they are named there, and what could
    not be kept. `base` is the address of the post, as far as it is known."""

    post: Post
    base: str
    known: bool
    blocks: tuple[Block, ...]
    footnotes: Mapping[int, str]
    problems: tuple[Problem, ...]
    pictures: tuple[str, ...] = field(default=())


def convert(post: Post, site: str, *, known: bool) -> Converted:
    """Reads the text of a post. Relative links are taken to lead into `site`, whether or not that is `known`
    to be where the post stood."""
    base = urljoin(site, post.path.lstrip("/"))
    problems: list[Problem] = []
    if post.html:
        footnoted = notes.from_substack(post.text)
    else:
        text, lost = without_shortcodes(post.text, post.title)
        problems += (_lost(post, line, what) for line, what in lost)
        footnoted = render_markdown(text)
    blocks = read_html(footnoted.html, base=base, picture_base="", top=_TOP)
    blocks = _without_title(blocks, post.title)
    if post.cover and post.cover not in {picture.src for picture in pictures(blocks)}:
        blocks = (Figure(Picture(post.cover, post.cover_alt)), *blocks)
    found = tuple(dict.fromkeys(picture.src for picture in pictures(blocks)))
    return Converted(post, base, known, blocks, footnoted.notes, tuple(problems), found)


def write_issue_text(converted: Converted, local: Mapping[str, str]) -> str:
    """The text of the issue; `local` gives the names of the pictures that lie beside it.

    Others are shown from the old site, if that is known.
    """
    post = converted.post
    head = write_front_matter(
        {
            "title": post.title,
            "preheader": cut_line(post.description, _PREHEADER),
            "date": post.date,
            "status": "archived",
            "tags": post.tags,
            "canonical": post.canonical,
            "sources": _sources(converted),
        }
    )

    def change(picture: Picture) -> Picture | Link | None:
        if picture.src not in local and converted.known:
            picture = replace(picture, src=urljoin(converted.base, picture.src))
        return settled(picture, local.get(picture.src), post.title)

    blocks = with_pictures(converted.blocks, change)
    marked = write_dialect(blocks)
    body = notes.with_calls(marked) + notes.write_notes(
        notes.called(marked), converted.footnotes, converted.base
    )
    return f"{head}\n:::members\n{body}\n:::\n" if post.members else f"{head}\n{body}"


def _sources(converted: Converted) -> list[FeedSource]:
    """Where the post stands, so that a feed of the same site does not offer it again."""
    post = converted.post
    url = post.canonical or (converted.base if post.path and converted.known else "")
    return [FeedSource(url=url, title=post.title, date=post.date)] if url else []


def _without_title(blocks: tuple[Block, ...], title: str) -> tuple[Block, ...]:
    """The front matter holds the title; a heading on top need not say it again."""
    match blocks:
        case (Heading(children=words), *rest) if plain(words).casefold() == title.casefold():
            return _raised(tuple(rest))
    return blocks


def _raised(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The headings that are left, so that the highest one begins a nugget."""
    levels = [block.level for block in blocks if isinstance(block, Heading)]
    over = min(levels, default=_TOP) - _TOP
    return tuple(
        replace(block, level=block.level - over) if isinstance(block, Heading) else block for block in blocks
    )


def _lost(post: Post, line: int, what: str) -> Problem:
    return Problem(
        "lost-shortcode",
        f"{what[0].upper()}{what[1:]} means nothing here and was left out.",
        post.file,
        post.line + line - 1,
        level=Level.WARNING,
    )
