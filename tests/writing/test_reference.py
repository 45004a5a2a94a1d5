"""docs/reference/dialect.md: its examples are read without a word, and its list of problems is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.writing.frontmatter import KEYS, read_front_matter, split
from newsletter.writing.tree import read_body

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "dialect.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^(`{3,})markdown\n(.*?)^\1$", PAGE, re.MULTILINE | re.DOTALL)
CODE = re.compile(r"""(?:report|_problem|\bProblem)\(\s*(?:code=)?"([a-z-]+)"|return "(raw-html)",""")


@pytest.mark.parametrize("example", [text for _, text in EXAMPLES])
def test_examples(example: str) -> None:
    found, problems = read_body(example, "dialect.md")
    assert problems == []
    assert found.intro or found.nuggets


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8


def test_front_matter() -> None:
    (yaml,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    values, problems = read_front_matter(split(f"---\n{yaml}---\n", "dialect.md")[0], "dialect.md", None)
    assert problems == []
    assert tuple(values.lines) == KEYS
    assert re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE) == list(KEYS)


def test_every_problem_is_listed() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| (?:error|warning) \|", PAGE, re.MULTILINE)
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "newsletter" / "writing").glob("*.py"))
    used = {code or html for source in sources for code, html in CODE.findall(source)}
    # these two are made of the key's name, and one is handed over by name
    used |= {"bad-status", "bad-audience", "bad-front-matter"}
    assert len(listed) == len(set(listed))
    assert set(listed) == used
