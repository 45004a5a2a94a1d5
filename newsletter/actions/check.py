"""Finding what is wrong in one issue or in all: settings, references, texts, pictures, templates.

Rules and readers are imported where they are used: `status` knows this module too, and must be quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.errors import ContentError, Level, NewsletterError, Problem
from newsletter.model import STANDARD_FIELDS, Issue, PictureFile

if TYPE_CHECKING:
    from newsletter.files.issues import IssueFile
    from newsletter.publication import Publication

NO_PICTURE = ("missing-picture", "picture-address")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules found in how many issues, by file and line."""

    issues: int
    problems: tuple[Problem, ...]

    def count(self, level: Level) -> int:
        """How many problems there are of one level."""
        return sum(problem.level is level for problem in self.problems)


def check_files(publication: Publication, files: Sequence[IssueFile]) -> Checked:
    """Applies all rules to these issues, to the settings and to the references."""
    from newsletter.checking.settings import check_settings

    problems = list(check_settings(publication.settings))
    problems += publication.reference_files.read()[1]
    for file in files:
        problems += _check_file(publication, file)
    return Checked(len(files), tuple(_ordered(problems)))


def require_no_errors(publication: Publication, issue: Issue) -> list[Problem]:
    """The warnings about an issue. Raises ContentError with all errors when there are any.

    Whether it can be compiled is not tried here: whoever asks is about to do so.
    """
    problems = _ordered(_apply_rules(publication, issue))
    errors = [problem for problem in problems if problem.level is Level.ERROR]
    if errors:
        raise ContentError.of(errors)
    return problems


def _check_file(publication: Publication, file: IssueFile) -> list[Problem]:
    from newsletter.writing.issue import parse_issue

    try:
        issue, problems = parse_issue(file.read())
    except NewsletterError as error:
        return list(error.problems)
    if issue is None:
        return problems
    problems += _apply_rules(publication, issue)
    if not any(problem.level is Level.ERROR for problem in problems):
        try:
            publication.edition(issue)
        except NewsletterError as error:
            problems += error.problems
    return problems


def _apply_rules(publication: Publication, issue: Issue) -> list[Problem]:
    from newsletter.checking.rules import CheckContext, check_issue
    from newsletter.files.references import cited_keys

    references, problems = publication.read_references(issue)
    cited = cited_keys(issue)  # one of these that is there and cannot be read is no good suggestion
    pictures, with_pictures = publication.look_at_pictures(issue)
    # a picture that cannot be used is told of with the reason; the rules only know that it is not there
    unusable = {problem.line for problem in with_pictures}
    known: dict[str, PictureFile | None] = dict(pictures)
    context = CheckContext(
        references=references,
        keys=[key for key in publication.reference_files.keys if key in references or key not in cited],
        pictures=known,
        fields=(*STANDARD_FIELDS, *publication.settings.subscribers.fields),
        others=[file.slug for file in publication.issue_files if file.slug != issue.slug],
    )
    found = check_issue(issue, context)
    return [
        *problems,
        *with_pictures,
        *(one for one in found if one.code not in NO_PICTURE or one.line not in unusable),
    ]


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line, each only once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line))
