"""Checking a whole publication: what the rules are told, and what is said once for all issues together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.actions.check import Checked, check_files, require_no_errors
from newsletter.actions.create import create_publication
from newsletter.checking.deadlinks import Answer
from newsletter.clock import SystemClock
from newsletter.errors import ConfigurationError, ContentError, Level
from newsletter.publication import Publication

PROSE = "Forty words make the shortest nugget that reads well on its own. " * 4
ISSUE = """\
---
title: A second issue
preheader: It goes on where the first one stopped, and says a little more than that
date: {day}
status: {status}
---

## A nugget

{prose}

{text}
"""


class Day(SystemClock):
    """The morning of the 24th of November."""

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_publication(tmp_path / "letter", date(2026, 11, 17)).folder


def write(
    folder: Path, text: str, *, name: str = "second", day: str = "2026-11-24", status: str = "ready"
) -> None:
    path = folder / "issues" / f"{day}-{name}.md"
    path.write_text(ISSUE.format(day=day, status=status, prose=PROSE, text=text), encoding="utf-8")


def configure(folder: Path, text: str) -> None:
    path = folder / "newsletter.toml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")


def opened(folder: Path) -> Publication:
    return Publication.open(folder, environ={}, clock=Day())


def check(folder: Path, slug: str = "") -> Checked:
    publication = opened(folder)
    files = [file for file in publication.issue_files if slug in ("", file.slug)]
    try:
        return check_files(publication, files, named=bool(slug))
    finally:
        publication.close()


def found(checked: Checked) -> list[tuple[str, str, int]]:
    return [(one.code, one.file, one.line) for one in checked.problems]


def test_nothing_is_wrong_with_a_new_publication(folder: Path) -> None:
    assert check(folder) == Checked(1, ())


def test_references_that_no_issue_cites_show_only_with_all_issues(folder: Path) -> None:
    bibtex = folder / "issues/references.bib"
    bibtex.write_text(bibtex.read_text() + "@book{smith2000, title = {Alone}}\n")
    write(folder, "text")
    line = bibtex.read_text().count("\n")
    assert found(check(folder)) == [("unused-reference", "issues/references.bib", line)]
    assert found(check(folder, "second")) == []
    write(folder, "Source: [@smith2000]")
    assert found(check(folder)) == []
    write(folder, "Source: [@smith2000] <b>")  # who knows what an issue cites that cannot be read
    assert found(check(folder)) == [("raw-html", "issues/2026-11-24-second.md", 12)]


def test_works_that_were_retracted(folder: Path) -> None:
    bibtex = folder / "issues/references.bib"
    bibtex.write_text(bibtex.read_text() + "@article{smith2000, title = {T}, doi = {10.1234/AbC}}\n")
    write(folder, "Source: [@smith2000]")
    (folder / "issues/retracted.txt").write_text(
        "# seen on retractionwatch.com\n\nhttps://doi.org/10.1234/aBc\nx\n"
    )
    assert found(check(folder)) == [
        ("retracted-reference", "issues/2026-11-24-second.md", 12),
        ("bad-doi", "issues/retracted.txt", 4),
    ]


def test_rules_can_be_set(folder: Path) -> None:
    write(folder, "See https://example.org/. This is TK.\n\nAgain[^1]\n\n[^1]: n\n\n[^2]: m")
    assert [code for code, _, _ in found(check(folder))] == ["bare-address", "placeholder", "unused-footnote"]
    configure(folder, '[checks]\nbare-address = "off"\nplaceholder = "error"\nunused-footnote = "off"')
    checked = check(folder)
    assert [(one.code, one.level) for one in checked.problems] == [("placeholder", Level.ERROR)]
    publication = opened(folder)
    with pytest.raises(ContentError, match="TK"):
        require_no_errors(publication, publication.issue(publication.issue_files[-1]))


def test_rules_that_are_set_and_are_none(folder: Path) -> None:
    configure(folder, '[checks]\nbare-adress = "off"')
    with pytest.raises(ConfigurationError) as caught:
        check(folder)
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.hint) == (
        "unknown-rule",
        "newsletter.toml",
        "Did you mean bare-address?",
    )
    assert (folder / "newsletter.toml").read_text().splitlines()[problem.line - 1] == 'bare-adress = "off"'


def test_colours_of_the_publications_own(folder: Path) -> None:
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates/tokens.toml").write_text('[light]\naccent = "#ff9999"\n')
    checked = check(folder)
    assert set(found(checked)) == {("low-contrast", "templates/tokens.toml", 2)}
    (folder / "templates/tokens.toml").write_text("[light]\naccent = red\n")
    assert "broken-toml" in {code for code, _, _ in found(check(folder))}


def test_links_are_visited_once_and_told_of_everywhere(folder: Path) -> None:
    asked: list[str] = []

    def visit(urls: Sequence[str]) -> Mapping[str, Answer]:
        asked.extend(urls)
        return {url: Answer(404) for url in urls}

    write(
        folder, "[one](https://example.org/a#x) [mail](mailto:a@example.org)\n\nhttps://youtu.be/abc\nA film"
    )
    write(folder, "[two](https://example.org/a#x)", name="third", day="2026-11-25")
    publication = opened(folder)
    files = publication.issue_files[1:]
    checked = check_files(publication, files, visit=visit)
    assert asked == ["https://example.org/a#x", "https://youtu.be/abc"]
    assert checked.links == 2
    assert found(checked) == [
        ("dead-link", "issues/2026-11-24-second.md", 12),
        ("dead-link", "issues/2026-11-24-second.md", 14),
        ("dead-link", "issues/2026-11-25-third.md", 12),
    ]


def test_an_issue_whose_day_is_past(folder: Path) -> None:
    write(folder, "text", day="2026-11-20")
    write(folder, "text", name="old", day="2026-11-18", status="archived")
    past = ("past-date", "issues/2026-11-20-second.md", 4)
    assert found(check(folder)) == []  # a copy of the files: nobody knows what was sent
    assert found(check(folder, "second")) == [past]

    publication = opened(folder)
    edition = publication.edition(publication.issue(publication.issue_files[0]))
    assert publication.sent_on is None
    campaigns = publication.campaigns
    publication.close()
    assert {code for code, _, _ in found(check(folder))} == {"past-date"}
    campaigns.create(edition, "everyone")  # the first issue, sent today, and so after the day of the second
    assert found(check(folder)) == []
    assert found(check(folder, "welcome")) == [("already-sent", "issues/2026-11-17-welcome.md", 5)]


def test_a_ledger_that_cannot_be_read_is_not_what_is_asked_about(folder: Path) -> None:
    (folder / "subscribers").mkdir(exist_ok=True)
    (folder / "subscribers/newsletter.db").write_bytes(
        b"this is no database at all, whatever its name says" * 90
    )
    assert found(check(folder)) == []


def test_heavy_mails_are_told_of_before_they_are_too_heavy(folder: Path) -> None:
    write(folder, "\n\n".join(f"### Part {number}\n\n{PROSE}" for number in range(200)))
    codes = [code for code, _, _ in found(check(folder))]
    assert sorted(codes) == ["heavy-block", "heavy-mail", "heavy-mail", "nugget-length"]
    write(folder, "\n\n".join(f"### Part {number}\n\n{PROSE}" for number in range(400)))
    assert "too-large" in {code for code, _, _ in found(check(folder))}


def test_a_thousand_keys_cost_nothing_until_they_are_cited(folder: Path) -> None:
    entries = "".join(f"@book{{key{number}, title = {{T}}}}\n" for number in range(2_000))
    (folder / "issues/references.json").write_text(json.dumps([{"id": "x", "type": "book", "title": "X"}]))
    bibtex = folder / "issues/references.bib"
    bibtex.write_text(bibtex.read_text() + entries + "@book{broken, title = {T}\n")
    write(folder, "Source: [@key7; @x]")
    codes = [(code, line) for code, _, line in found(check(folder))]
    assert codes == [("unused-reference", 0), ("broken-reference", bibtex.read_text().count("\n"))]
