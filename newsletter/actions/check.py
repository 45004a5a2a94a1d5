"""Finding what is wrong in one issue or in all: settings, theme, references, texts, pictures, links.

Rules and readers are imported where they are used: `status` knows this module too, and must be quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from newsletter.errors import ContentError, Level, NewsletterError, Problem
from newsletter.model import STANDARD_FIELDS, Issue

if TYPE_CHECKING:
    from newsletter.checking.deadlinks import Answer
    from newsletter.checking.levels import Levels
    from newsletter.files.issues import IssueFile
    from newsletter.publication import Publication

NO_PICTURE = ("missing-picture", "picture-address")

Visit: TypeAlias = "Callable[[Sequence[str]], Mapping[str, Answer]]"
"""Goes to addresses and tells what came of it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules found in how many issues, by file and line; `links`: how many addresses were visited;
    `extras`: what mail programs drop of the look, and the mail does well without."""

    issues: int
    problems: tuple[Problem, ...]
    links: int = 0
    extras: tuple[str, ...] = ()

    def count(self, level: Level) -> int:
        """How many problems there are of one level."""
        return sum(problem.level is level for problem in self.problems)


def check_files(
    publication: Publication,
    files: Sequence[IssueFile],
    *,
    named: bool = False,
    visit: Visit | None = None,
    clients: Sequence[str] = (),
) -> Checked:
    """Applies all rules to these issues, and to the settings, the theme and the references.

    `named`: somebody asked about these very issues. With `visit`, the links of the issues are followed too.
    The mail is looked at with the eyes of the mail programs that `clients` names. Raises ConfigurationError
    when `[checks]` names a rule that there is none of, ContentError for a mail program that nobody knows.
    """
    from newsletter.checking.levels import apply_levels
    from newsletter.checking.settings import check_settings

    examination = _Examination(publication)
    levels = examination.levels
    problems = [*check_settings(publication.settings), *_check_theme(publication)]
    problems += publication.reference_files.survey()
    for file in files:
        problems += examination.check(file, named=named)
    if files and len(files) == len(publication.issue_files):
        problems += examination.check_library()
    visited = 0
    if visit is not None:
        visited, found = examination.check_links(visit)
        problems += found
    extras: list[str] = []
    if clients:
        from newsletter.actions.clients import check_clients

        looked = check_clients(publication, files, clients)
        problems += looked.problems
        extras += [f"{loss}; {loss.extra}." for loss in looked.extras]
    return Checked(len(files), tuple(_ordered(apply_levels(problems, levels))), visited, tuple(extras))


def require_no_errors(publication: Publication, issue: Issue) -> list[Problem]:
    """The warnings about an issue. Raises ContentError with all errors when there are any.

    Whether it can be compiled is not tried here: whoever asks is about to do so.
    """
    return require_no_errors_in(publication, [issue])


def require_no_errors_in(publication: Publication, issues: Iterable[Issue]) -> list[Problem]:
    """`require_no_errors` for several issues, with the errors of all of them."""
    from newsletter.checking.levels import apply_levels

    examination = _Examination(publication)
    found = [problem for issue in issues for problem in examination.apply_rules(issue)]
    problems = _ordered(apply_levels(found, examination.levels))
    errors = [problem for problem in problems if problem.level is Level.ERROR]
    if errors:
        raise ContentError.of(errors)
    return problems


def _check_theme(publication: Publication) -> list[Problem]:
    from newsletter.checking.colours import THEME_RULES, Palette
    from newsletter.files.themes import token_files
    from newsletter.publication import TEMPLATES

    name = publication.settings.publication.theme
    try:
        palette = Palette(publication.theme.tokens, token_files(name, publication.folder / TEMPLATES))
    except NewsletterError as error:
        return list(error.problems)
    return THEME_RULES.problems(palette, f"{TEMPLATES}/tokens.toml")


@dataclass
class _Examination:
    """What stays the same from issue to issue, and what is gathered on the way through them."""

    publication: Publication
    cited: set[str] = field(default_factory=set)
    links: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    unread: int = 0

    @cached_property
    def levels(self) -> Levels:
        from newsletter.checking.levels import read_levels

        settings = self.publication.settings
        return read_levels(
            dict(settings.checks), settings.file, lambda code: settings.line(f"checks.{code}", "checks")
        )

    @cached_property
    def _sent_on(self) -> Mapping[str, date] | None:
        try:
            return self.publication.sent_on
        except NewsletterError:
            return None  # whether the ledger can be read is for `doctor` to find out

    def _today(self, issue: Issue, *, named: bool) -> date | None:
        """The day it is, if the issue may still be waiting to be sent: not where nothing is known of what was
        sent (a copy of the files, say), and not when something was sent after the issue's own day."""
        sent_on = self._sent_on
        if named or (sent_on is not None and issue.date >= max(sent_on.values(), default=issue.date)):
            return self.publication.today()
        return None

    @cached_property
    def _slugs(self) -> frozenset[str]:
        return frozenset(file.slug for file in self.publication.issue_files)

    def check(self, file: IssueFile, *, named: bool) -> list[Problem]:
        """Everything that is wrong with an issue, up to the finished mail."""
        from newsletter.writing.issue import parse_issue

        try:
            issue, problems = parse_issue(file.read())
        except NewsletterError as error:
            self.unread += 1
            return list(error.problems)
        if issue is None:
            self.unread += 1
            return problems
        problems += self.apply_rules(issue, named=named, gather=True)
        if not any(problem.level is Level.ERROR for problem in problems):
            try:
                problems += self._weigh(issue)
            except NewsletterError as error:
                problems += error.problems
        return problems

    def apply_rules(self, issue: Issue, *, named: bool = False, gather: bool = False) -> list[Problem]:
        """What the rules about issues find, and what is wrong with its references and pictures.

        With `gather`, what it cites and links to is kept for the rules that look at all issues together.
        """
        from newsletter.checking.rule import ISSUE_RULES
        from newsletter.checking.rules import CheckContext
        from newsletter.checking.view import view
        from newsletter.files.references import cited_keys

        publication = self.publication
        library = publication.reference_files
        references, problems = publication.read_references(issue)
        pictures, with_pictures = publication.look_at_pictures(issue)
        context = CheckContext(
            references=references,
            keys=library.places,
            retracted=library.retracted,
            pictures=pictures,
            fields=(*STANDARD_FIELDS, *publication.settings.subscribers.fields),
            others=self._slugs - {issue.slug},
            today=self._today(issue, named=named),
            sent_on=(self._sent_on or {}).get(issue.slug),
            named=named,
        )
        seen = view(issue, context)
        if gather:
            self.cited |= cited_keys(issue)
            self.links[issue.file] = [(link.href, link.line or place.line) for link, place in seen.links]
        # a picture that cannot be used is told of with the reason; the rules only know that it is not there
        unusable = {problem.line for problem in with_pictures}
        found = ISSUE_RULES.problems(seen, issue.file)
        return [
            *problems,
            *with_pictures,
            *(one for one in found if one.code not in NO_PICTURE or one.line not in unusable),
        ]

    def _weigh(self, issue: Issue) -> list[Problem]:
        from newsletter.checking.weight import MAIL_RULES, Mail
        from newsletter.rendering.budget import byte_budget

        weights = byte_budget(self.publication.edition(issue))
        return MAIL_RULES.problems(Mail(issue, weights), issue.file)

    def check_library(self) -> list[Problem]:
        """What only shows when all issues were seen; nothing while one of them could not be read."""
        from newsletter.checking.library import LIBRARY_RULES, Library

        library = Library(self.publication.reference_files.places, self.cited)
        return [] if self.unread else LIBRARY_RULES.problems(library, "")

    def check_links(self, visit: Visit) -> tuple[int, list[Problem]]:
        """How many addresses were visited, each once, and what came of it in each issue."""
        from newsletter.checking.deadlinks import LINK_RULES, Visits

        hrefs = dict.fromkeys(href for links in self.links.values() for href, _ in links)
        answers = visit([href for href in hrefs if href.lower().startswith(("http://", "https://"))])
        problems = [
            problem
            for file, links in self.links.items()
            for problem in LINK_RULES.problems(Visits(links, answers), file)
        ]
        return len(answers), problems


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line, each only once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line))
