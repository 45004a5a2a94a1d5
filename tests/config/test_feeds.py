from datetime import timedelta

import pytest

from newsletter.config import FeedSettings, Settings, read_settings
from newsletter.errors import ConfigurationError, Problem

LEAST = """\
[publication]
title = "Weekly"
url = "https://example.org/weekly"
from = "Ann Example <ann@example.org>"
"""


def settings(text: str) -> Settings:
    return read_settings(LEAST + text)


def problem(text: str) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        settings(text)
    (found,) = caught.value.problems
    return found


def test_no_feeds_are_fine() -> None:
    assert settings("").feeds == {}
    assert settings("[feeds]\n").feeds == {}


def test_feeds_have_names_and_defaults() -> None:
    found = settings('[feeds.blog]\nurl = "https://blog.example.org/feed.xml"\n')
    assert found.feeds == {"blog": FeedSettings(url="https://blog.example.org/feed.xml")}
    assert found.feeds["blog"].window == timedelta(days=14)
    assert found.line("feeds.blog.url") == 6


def test_everything_about_a_feed() -> None:
    found = settings(
        """
[feeds.site-news]
url = "http://127.0.0.1:8000/feed"
kind = "updates"
include = "pain|ache"
exclude = "^ad:"
window = "3w"
size_limit = 20
allow_private = true
"""
    ).feeds["site-news"]
    assert (found.kind, found.window, found.size_limit, found.allow_private) == (
        "updates",
        timedelta(days=21),
        20,
        True,
    )
    assert found.include is not None
    assert found.include.search("PAIN")
    assert found.exclude is not None
    assert not found.exclude.search("Bad: x")


@pytest.mark.parametrize(
    ("text", "line", "code", "words"),
    [
        ("[feeds.blog]", 5, "missing-key", "feeds.blog.url is missing"),
        ('[feeds]\nurl = "https://x.example/"', 6, "bad-value", "feeds.url must be a table"),
        ("feeds = 7", 5, "unknown-key", "There is no key feeds in [publication]"),
        ('[feeds."My blog"]\nurl = "https://x.example/"', 5, "bad-name", "“My blog” cannot be a name"),
        ('[feeds.a]\nurl = "x.example/feed"', 6, "bad-value", "is not a web address"),
        ('[feeds.a]\nurl = "https://[x/feed"', 6, "bad-value", "is not a web address"),
        ('[feeds.a]\nurl = "https://a:b@x.example/"', 6, "bad-value", "holds a name and password"),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, line: int, code: str, words: str) -> None:
    found = problem(f"{text}\n")
    assert (found.line, found.code) == (line, code)
    assert words in found.message


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ('kind = "post"', 'must be "posts" or "updates"'),
        ('include = "("', "is not a regular expression"),
        ('window = "0d"', "is not a length of time"),
        ("window = 14", "must be text"),
        ('allow_private = "yes"', "must be true or false"),
        ("size_limit = 0", "must be between 1 and 100"),
        ('windov = "1d"', "There is no key windov in [feeds.a]"),
    ],
)
def test_values_that_do_not_fit(key: str, words: str) -> None:
    found = problem(f'[feeds.a]\nurl = "https://x.example/"\n{key}\n')
    assert found.line == 7
    assert words in found.message


def test_mistakes_have_hints() -> None:
    assert problem('[feeds]\nurl = "https://x.example/"\n').hint.startswith("Begin it with [feeds.NAME]")
    assert problem('[feeds.a]\nurl = "https://x.example/"\nwindov = "1d"\n').hint == "Did you mean window?"
    assert problem("[archive]\nallow_private = true\n").hint == "allow_private belongs under [feeds.NAME]."
    assert problem("[feed.a]\nurl = 'x'\n").hint == "Did you mean feeds?"
