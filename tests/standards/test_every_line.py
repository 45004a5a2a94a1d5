"""Every line of the standards has a test of its name, or a sentence on why it has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/explanation/standards.md").read_text(encoding="utf-8")
LINES = [f"{group}{number}" for group in "AFLR" for number in range(1, 9)] + ["D1", "B2", "C1"]


def lines_with_tests() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    return {line for source in sources for line in re.findall(r"(?m)^def test_([A-Z]\d)_", source)}


def explained() -> set[str]:
    return set(re.findall(r"(?m)^- \*\*([A-Z]\d)\*\*", DOCS.partition("## What is not tested")[2]))


@pytest.mark.parametrize("line", LINES)
def test_the_line_is_tested_or_explained(line: str) -> None:
    assert (line in lines_with_tests()) != (line in explained())
    assert re.search(rf"(?m)^- \*\*{line}\*\* ", DOCS.partition("## What is not tested")[0])


def test_the_docs_name_no_others() -> None:
    assert set(re.findall(r"(?m)^- \*\*([A-Z]\d)\*\*", DOCS)) == set(LINES)
