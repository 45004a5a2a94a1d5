"""The text of a draft issue, made from entries of feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from newsletter.document import Block, Inline, Link, Listing, ListItem, Paragraph, Picture, Text
from newsletter.gathering.dialect import read_html, write_dialect
from newsletter.gathering.entries import Entry, is_public
from newsletter.gathering.frontmatter import write_front_matter
from newsletter.gathering.markdown import write_inlines
from newsletter.gathering.pictures import settled, with_pictures
from newsletter.gathering.shortening import count_words, cut_line, cut_text, shorten
from newsletter.gathering.uses import source_of
from newsletter.writing.walk import plain

TITLE_LENGTH = 78
PREHEADER_LENGTH = (40, 110)
SUMMARY_WORDS = 80
UPDATE_WORDS = 25
_GREETING = 'Hello {{ first_name or "there" }},'


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to make of the entries: at most `most` nuggets and about `words` words; the whole texts if `full`,
    else the short ones. `title` and `day` are the issue's; without a title one is made."""

    day: date
    title: str = ""
    most: int = 10
    words: int = 3000
    full: bool = True


@dataclass(frozen=True, slots=True)
class Material:
    """The entries, newest first: new posts, new updates, and posts that changed since an issue used them
    (with the slug of that issue)."""

    posts: Sequence[Entry] = ()
    updates: Sequence[Entry] = ()
    corrections: Sequence[tuple[Entry, str]] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of an issue. `used` are the entries in it, `left` those that found no room; `pictures` are the
    addresses of all pictures in the texts that were used, each with the name of its feed, and `undescribed`
    those that say nothing about what they show."""

    title: str
    text: str
    used: tuple[Entry, ...]
    left: tuple[Entry, ...]
    pictures: Mapping[str, str] = field(default_factory=dict)
    undescribed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Pictures:
    """Takes note of the pictures, and puts in the local ones where there are any."""

    local: Mapping[str, str]
    seen: dict[str, str] = field(default_factory=dict)
    undescribed: list[str] = field(default_factory=list)

    def settle(self, blocks: Sequence[Block], entry: Entry) -> tuple[Block, ...]:
        """The blocks of `entry` with pictures that can be mailed; others become links to them."""
        title = title_of(entry)

        def change(picture: Picture) -> Picture | Link | None:
            if picture.src not in self.seen:
                self.seen[picture.src] = entry.feed
                if not picture.alt:
                    self.undescribed.append(picture.src)
            return settled(picture, self.local.get(picture.src), title)

        return with_pictures(blocks, change)


@dataclass(frozen=True, slots=True)
class _Nugget:
    entry: Entry
    blocks: tuple[Block, ...]


def build_draft(material: Material, wanted: Wanted, local: Mapping[str, str] | None = None) -> Draft:
    """The draft for `material`, of which there must be something; `local` gives the names of pictures that
    lie beside the issue, by their addresses."""
    noted = _Pictures(local or {})
    nuggets, left = _choose(material.posts, wanted, noted)
    updates = material.updates
    changed = [entry for entry, _ in material.corrections]
    used = (*(nugget.entry for nugget in nuggets), *updates, *changed)
    title = wanted.title or _title(nuggets, updates)
    head = write_front_matter(
        {
            "title": title,
            "preheader": _preheader(nuggets, updates),
            "date": wanted.day,
            "status": "draft",
            "canonical": nuggets[0].entry.url if len(used) == len(nuggets) == 1 else "",
            "corrects": _corrected(material) if len(used) == len(changed) else "",
            "sources": [source_of(entry) for entry in used],
        }
    )
    parts = [head, f"{_GREETING}\n", *_opening(nuggets, updates, left)]
    parts += (_nugget(nugget) for nugget in nuggets)
    if updates:
        parts.append(f"## Updates to the site\n\n{_list(_update(entry) for entry in updates)}")
    if changed:
        parts.append(f"## Corrections\n\n{_list(_correction(*one) for one in material.corrections)}")
    return Draft(title, "\n".join(parts), used, left, noted.seen, tuple(noted.undescribed))


def title_of(entry: Entry) -> str:
    """The title of an entry or, where it has none, its first words."""
    if entry.title:
        return entry.title
    words = plain_text(read_html(entry.html or entry.summary))
    return cut_text(words, 8) or entry.url or "Untitled"


def plain_text(blocks: Sequence[Block]) -> str:
    """The words of the paragraphs on one line."""
    return " ".join(
        " ".join(plain(block.children) for block in blocks if isinstance(block, Paragraph)).split()
    )


def _choose(
    posts: Sequence[Entry], wanted: Wanted, noted: _Pictures
) -> tuple[list[_Nugget], tuple[Entry, ...]]:
    """The nuggets that fit in, the first in any case; where a whole text would be too long, the short one."""
    nuggets: list[_Nugget] = []
    room = wanted.words
    for entry in posts[: wanted.most]:
        blocks = _whole(entry) if wanted.full else _short(entry)
        if count_words(blocks) > room:
            blocks = _short(entry)
            if nuggets and count_words(blocks) > room:
                break
        room -= count_words(blocks)
        nuggets.append(_Nugget(entry, noted.settle(blocks, entry)))
    return nuggets, tuple(posts[len(nuggets) :])


def _whole(entry: Entry) -> tuple[Block, ...]:
    return read_html(entry.html or entry.summary, base=entry.base)


def _short(entry: Entry) -> tuple[Block, ...]:
    return shorten(read_html(entry.summary or entry.html, base=entry.base), SUMMARY_WORDS)


def _title(nuggets: Sequence[_Nugget], updates: Sequence[Entry]) -> str:
    if not nuggets:
        return "Updates to the site" if updates else "Corrections"
    first = _without_fields(title_of(nuggets[0].entry))
    ending = f", and {len(nuggets) - 1} more" if len(nuggets) > 1 else ""
    return cut_line(first, TITLE_LENGTH - len(ending)) + ending


def _preheader(nuggets: Sequence[_Nugget], updates: Sequence[Entry]) -> str:
    """The other titles or, if they do not make a line, how the first text begins; "" if it is too short."""
    shortest, longest = PREHEADER_LENGTH
    others = [title_of(nugget.entry) for nugget in nuggets[1:]] or [title_of(entry) for entry in updates]
    texts = [f"{'Also: ' if nuggets else ''}{'; '.join(others)}"] if others else []
    texts += [plain_text(nugget.blocks) for nugget in nuggets[:1]]
    lines = (cut_line(_without_fields(text), longest) for text in texts)
    return next((line for line in lines if len(line) >= shortest), "")


def _corrected(material: Material) -> str:
    """The slug of the only issue that is put right; "" when there are several."""
    slugs = {slug for _, slug in material.corrections}
    return slugs.pop() if len(slugs) == 1 else ""


def _without_fields(text: str) -> str:
    """Text of others for the subject, where two braces would begin a merge field."""
    return text.replace("{{", "{ {")


def _opening(nuggets: Sequence[_Nugget], updates: Sequence[Entry], left: Sequence[Entry]) -> list[str]:
    if len(nuggets) > 1:
        lines = ["New on the site:\n", _list(_headline(nugget.entry) for nugget in nuggets)]
    elif nuggets:
        lines = ["There is something new on the site.\n"]
    elif updates:
        lines = ["Some pages of the site have changed.\n"]
    else:
        lines = ["Some earlier pieces have been put right.\n"]
    if left:
        home = _home(left[0].url)
        where = write_inlines((Link(home, (Text("on the site"),)),)) if home else "on the site"
        lines.append(f"And {len(left)} more {where}.\n")
    return lines


def _nugget(nugget: _Nugget) -> str:
    title = f"## {write_inlines((Text(title_of(nugget.entry)),))}\n"
    way = Paragraph((Link(nugget.entry.url, (Text("Read on the site"),)),))
    blocks = (*nugget.blocks, way) if is_public(nugget.entry.url) else nugget.blocks
    return f"{title}\n{write_dialect(blocks)}"


def _list(items: Iterable[tuple[Inline, ...]]) -> str:
    listing = Listing(tuple(ListItem((Paragraph(item),)) for item in items))
    return write_dialect((listing,))


def _headline(entry: Entry) -> tuple[Inline, ...]:
    title = Text(title_of(entry))
    return (Link(entry.url, (title,)),) if is_public(entry.url) else (title,)


def _update(entry: Entry) -> tuple[Inline, ...]:
    words = cut_text(plain_text(_short(entry)), UPDATE_WORDS)
    return (*_headline(entry), Text(f": {words}")) if words else _headline(entry)


def _correction(entry: Entry, issue: str) -> tuple[Inline, ...]:
    return (*_headline(entry), Text(f", in the issue “{issue}”, has been changed since."))


def _home(url: str) -> str:
    scheme, _, rest = url.partition("://")
    home = f"{scheme}://{rest.partition('/')[0]}/"
    return home if is_public(home) else ""
