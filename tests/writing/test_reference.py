"""The pages about writing: their examples are read without a word, and the list of problems is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.writing.citations import Bibliography
from newsletter.writing.frontmatter import KEYS, read_front_matter, split
from newsletter.writing.references import read_bibtex
from newsletter.writing.retractions import read_retracted
from newsletter.writing.tree import read_body

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "dialect.md").read_text(encoding="utf-8")
PAGES = ("reference/dialect.md", "howto/write.md", "howto/cite.md")
EXAMPLES = [
    (name, text)
    for name in PAGES
    for _, text in re.findall(
        r"^(`{3,})markdown\n(.*?)^\1$", (ROOT / "docs" / name).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
]
CODE = re.compile(r"""(?:report|_problem|\bProblem)\(\s*(?:code=)?"([a-z-]+)"|return "(raw-html)",""")


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_examples(page: str, example: str) -> None:
    found, problems = read_body(example, page)
    assert problems == []
    assert found.intro or found.nuggets


def test_there_are_examples_on_every_page() -> None:
    assert {page for page, _ in EXAMPLES} == set(PAGES)
    assert len(EXAMPLES) >= 14


def test_examples_of_works() -> None:
    page = (ROOT / "docs/howto/cite.md").read_text("utf-8")
    (bibtex,) = re.findall(r"^```bibtex\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (retracted,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    works, problems = read_bibtex(bibtex, "references.bib")
    assert problems == read_retracted(retracted, "retracted.txt")[1] == []
    (example,) = (text for name, text in EXAMPLES if name == "howto/cite.md")
    entries = Bibliography(read_body(example, "x")[0], {work.key: work for work in works}).entries
    assert [entry.label for entry in entries] == ["Warren 1978", "van der Berg 2001"]


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
