from __future__ import annotations

from newsletter.document import (
    Body,
    Citation,
    Heading,
    Link,
    Members,
    Merge,
    NoteRef,
    Only,
    Paragraph,
    Picture,
    Quotation,
    Text,
)
from newsletter.writing.tree import read_body
from newsletter.writing.walk import Place, citations, plain, walk, walk_nodes

MARKDOWN = """\
Intro[^n] [@first]

## One *two*

> quoted
> [@second]
> — who

- item

  :::members
  secret [@third]
  :::

:::web
![alt](a.png "caption [@fourth]")
:::

| head |
|------|
| [cell](https://example.org) |

:::objection No [@fifth]
yes
:::

:::members
## Hidden

hidden ^[note [@sixth]] {{ name or "you" }} `code`
:::

[^n]: a note [@seventh]
"""


def body() -> Body:
    found, problems = read_body(MARKDOWN, "f")
    assert problems == []
    return found


def test_everything_in_reading_order() -> None:
    texts = [node.text.strip() for node, _ in walk(body()) if isinstance(node, Text) and node.text.strip()]
    assert texts == [
        *("Intro", "a note", "One", "two", "quoted", "who", "item", "secret", "caption"),
        *("head", "cell", "No", "yes", "Hidden", "hidden", "note"),
    ]


def test_places() -> None:
    places = {node.text.strip(): place for node, place in walk(body()) if isinstance(node, Text)}
    one, hidden = body().nuggets
    assert places["Intro"] == Place(None, 1)
    assert places["a note"] == Place(None, 33, note=True)
    assert places["One"] == Place(one, 3)
    assert places["quoted"] == Place(one, 5, quoted=True)
    assert places["who"] == Place(one, 5)
    assert places["secret"] == Place(one, 12, members_only=True)
    assert places["caption"] == Place(one, 16, only="web")
    assert places["cell"] == Place(one, 21, note=False)
    assert places["hidden"] == Place(hidden, 30, members_only=True)
    assert places["note"] == Place(hidden, 30, members_only=True, note=True)


def test_parents_come_before_children() -> None:
    kinds = [type(node) for node, _ in walk(body())]
    assert kinds.index(Quotation) < kinds.index(Members) < kinds.index(Only) < kinds.index(Picture)
    assert {Citation, NoteRef, Merge, Link} < set(kinds)


def test_citations_are_those_of_the_walk() -> None:
    walked = [(node, place.members_only) for node, place in walk(body()) if isinstance(node, Citation)]
    assert list(citations(body())) == walked
    assert [(one.cites[0].key, members) for one, members in walked] == [
        ("first", False),
        ("seventh", False),
        ("second", False),
        ("third", True),
        ("fourth", False),
        ("fifth", False),
        ("sixth", True),
    ]


def test_members_in_members() -> None:
    found, _ = read_body(":::members\n## x\n:::members\n[@a]\n:::\n:::", "f")
    assert [members for _, members in citations(found)] == [True]


def test_walking_a_part() -> None:
    heading = Heading(3, (Text("a"),), 7)
    assert list(walk_nodes([heading], Place())) == [(heading, Place(None, 7)), (Text("a"), Place(None, 7))]


def test_plain_words() -> None:
    found, _ = read_body('*a* [b](c) `d`\n![e](f) {{ g or "h" }} {{ i }} [@j]^[k]', "f")
    (paragraph,) = found.intro
    assert isinstance(paragraph, Paragraph)
    assert plain(paragraph.children) == "a b d e h  "
    assert plain(paragraph.children, "·") == "a b d e h  ··"
