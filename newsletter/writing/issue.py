"""An issue file becomes an Issue, or every reason why not at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsletter.errors import ContentError, Level, Problem
from newsletter.model import Issue
from newsletter.writing.cleaning import clean_source
from newsletter.writing.frontmatter import read_front_matter, split
from newsletter.writing.tree import read_body


@dataclass(frozen=True, slots=True)
class Source:
    """One issue file, as read from disk.

    `file` is its path relative to the publication, `slug` and `date` come from its name (`date` is None when
    the name has none), `text` is what it holds.
    """

    file: str
    slug: str
    date: date | None
    text: str


def read_issue(source: Source) -> Issue:
    """The issue that `source` holds.

    Raises ContentError with every problem of front matter and text, each with its line, if one of them is an
    error; warnings alone do not matter here (see `parse_issue`).
    """
    issue, problems = parse_issue(source)
    if issue is None:
        raise ContentError.of(problems)
    return issue


def parse_issue(source: Source) -> tuple[Issue | None, list[Problem]]:
    """The issue, None if there are errors, with all problems found while reading, warnings too, by line."""
    text, problems = clean_source(source.text, source.file)
    parts, found = split(text, source.file)
    problems += found
    body, in_text = read_body(parts.body, source.file, parts.body_line)
    if not parts.yaml_line:
        return None, _sorted([*problems, *in_text])
    values, in_front = read_front_matter(parts, source.file, source.date)
    problems = _sorted([*problems, *in_front, *in_text])
    if any(problem.level is Level.ERROR for problem in problems):
        return None, problems
    issue = Issue(
        slug=source.slug,
        file=source.file,
        title=values.title,
        subject=values.subject,
        date=values.date,
        body=body,
        preheader=values.preheader,
        status=values.status,
        tags=values.tags,
        audience=values.audience,
        canonical=values.canonical,
        corrects=values.corrects,
        sources=values.sources,
        lines=values.lines,
    )
    return issue, problems


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line)
