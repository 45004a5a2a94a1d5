"""What an issue's text is made of: a small tree of blocks and inlines, the same for mail, web and plain text.

`writing` builds it from Markdown; the three renderers in `rendering` walk it. Nodes are frozen, hold no
markup, and know the source line they came from (`line`, counted from 1 in the file; 0 when unknown), so that
checks can point at it. Text in nodes is plain Unicode, never escaped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

# --- inlines ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A run of words."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Stressed words (`*…*`)."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Strong:
    """Important words (`**…**`)."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Strike:
    """Words taken back (`~~…~~`)."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Literal characters inside a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Break:
    """A line break; `hard` when the author asked for it, else only a place where the source wrapped."""

    hard: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to `href`: an absolute address, a `mailto:`, or (checked) something mistyped."""

    href: str
    children: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: `src` as written, relative to the issue's folder or an https address; `alt` may be empty."""

    src: str
    alt: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Cite:
    """One reference inside a citation: its key, an optional locator ("p. 12"), author suppressed or not."""

    key: str
    locator: str = ""
    suppress_author: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A place where the author cites: `[@warren1978]`, `[@jabr2007, p. 12; @lim2009]`."""

    cites: tuple[Cite, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge field, `{{ first_name or "there" }}`; `fallback` is None when the author gave none.

    `filters` change the value: `{{ first_name | title }}`. With `then`, it is a choice of words by whether
    the reader has a value: `{{ "Thank you." if member else "Join us." }}`, where the fallback is the other.
    """

    name: str
    fallback: str | None = None
    line: int = 0
    filters: tuple[str, ...] = ()
    then: str | None = None


@dataclass(frozen=True, slots=True)
class NoteRef:
    """The mark of a footnote; `number` counts from 1 within its nugget."""

    number: int
    line: int = 0


Inline: TypeAlias = (
    Text | Emphasis | Strong | Strike | Code | Break | Link | Picture | Citation | Merge | NoteRef
)

# --- blocks ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    children: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a nugget (`###` and deeper: `level` 3 to 6)."""

    level: int
    children: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quoted passage, kept to the letter; `attribution` is its last line without the em dash."""

    blocks: tuple[Block, ...]
    attribution: tuple[Inline, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class ListItem:
    """One entry of a list."""

    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; `start` is the first number of an ordered list, None for bullets. `tight`: no gaps between."""

    items: tuple[ListItem, ...]
    start: int | None = None
    tight: bool = True
    line: int = 0


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Literal lines; ends with a newline unless empty."""

    text: str
    language: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell; `align` is "", "left", "center" or "right"."""

    children: tuple[Inline, ...]
    align: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one header row; every row has as many cells as the header."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture alone in its paragraph, with its caption (the picture's title; may be empty)."""

    picture: Picture
    caption: tuple[Inline, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Video:
    """The bare address of a video on a line of its own: a card that leads to `site` ("YouTube").

    `title` and `picture`, a still, are what the author tells of it in the lines below; both may be missing.
    """

    href: str
    site: str
    title: tuple[Inline, ...] = ()
    picture: Picture | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A break between thoughts (`---`)."""

    line: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A `Source:` line: the credit of its nugget."""

    children: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Members:
    """`:::members`: only members see `blocks`; everybody else an honest line instead."""

    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Objection:
    """`:::objection Title`: what a critical reader says, and the answer."""

    title: tuple[Inline, ...]
    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Aside:
    """`:::aside`: a remark beside the argument."""

    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Only:
    """`:::email` or `:::web`: `blocks` appear only there; `place` is "email" or "web"."""

    place: str
    blocks: tuple[Block, ...]
    line: int = 0


Block: TypeAlias = (
    Paragraph
    | Heading
    | Quotation
    | Listing
    | CodeBlock
    | Table
    | Figure
    | Video
    | Rule
    | Source
    | Members
    | Objection
    | Aside
    | Only
)

# --- the whole -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note:
    """The text of footnote `number`."""

    number: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Nugget:
    """A `##` section: title, anchor (unique in its issue, stable: from the title), text and footnotes.

    `members_only`: the heading stands inside `:::members`, so free readers see neither title nor text.
    """

    title: tuple[Inline, ...]
    anchor: str
    blocks: tuple[Block, ...]
    notes: tuple[Note, ...] = ()
    members_only: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """An issue's text: `intro` before the first `##`, with its own `notes`, then the nuggets."""

    intro: tuple[Block, ...] = ()
    notes: tuple[Note, ...] = ()
    nuggets: tuple[Nugget, ...] = field(default=())
