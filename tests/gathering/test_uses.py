from datetime import date

import pytest

from newsletter.errors import ContentError
from newsletter.gathering.frontmatter import write_front_matter
from newsletter.gathering.uses import Use, read_uses, source_of
from newsletter.model import FeedSource
from newsletter.writing.issue import Source
from tests.gathering.making import NOW, entry


def issue(text: str, slug: str = "six-clots") -> Source:
    return Source(f"issues/2026-11-20-{slug}.md", slug, date(2026, 11, 20), text)


def test_uses_are_read_from_front_matter_whatever_the_text_says() -> None:
    text = "---\ntitle: T\nsources:\n  - {guid: '1', title: Knees}\n  - url: https://x.example/\n---\n\n<b>[^nothing]"
    assert read_uses([issue(text), issue("---\ntitle: Other\n---\n", "other")]) == [
        Use(FeedSource(guid="1", title="Knees"), "six-clots", date(2026, 11, 20)),
        Use(FeedSource(url="https://x.example/"), "six-clots", date(2026, 11, 20)),
    ]


@pytest.mark.parametrize(
    "text", ["no front matter", "---\ntitle: [\n---\n", "---\ntitle: T\nsources: x\n---\n"]
)
def test_an_issue_that_does_not_say_what_it_used_stops_everything(text: str) -> None:
    with pytest.raises(ContentError):
        read_uses([issue(text)])


def test_what_a_draft_says_is_read_back() -> None:
    odd = entry(title='A "quoted" title: with # everything, yes', guid="tag:x,2026:{1}", tags=[])
    for one in (odd, entry(days=None, title="no", guid="", url="")):
        text = write_front_matter({"title": "T", "sources": [source_of(one)]})
        (use,) = read_uses([issue(text)])
        assert use.source == source_of(one)
    assert source_of(entry()).date == NOW.date().replace(day=23)


def test_front_matter_is_plain_where_it_can_be() -> None:
    text = write_front_matter(
        {
            "title": "Why knees creak, and 2 more",
            "preheader": "",
            "date": date(2026, 11, 24),
            "canonical": "https://blog.example.org/knees/?a=1",
            "tags": ["two words", "a, b", "[x]", "Yes"],
            "sources": [FeedSource()],
        }
    )
    assert text == (
        "---\n"
        "title: Why knees creak, and 2 more\n"
        "date: 2026-11-24\n"
        "canonical: https://blog.example.org/knees/?a=1\n"
        'tags: [two words, "a, b", "[x]", "Yes"]\n'
        "sources:\n"
        "---\n"
    )
