"""A theme: templates, the publication's own before the theme's, with the tokens and words they draw on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn

import jinja2
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.errors import ConfigurationError
from newsletter.rendering.lines import fill, underline
from newsletter.rendering.phrases import read_words
from newsletter.rendering.tokens import Tokens, read_tokens
from newsletter.rendering.words import Words

_PLAIN_ENDINGS = (".txt.j2", ".css.j2")
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_TEMPLATE_ENDING = ".j2"
_MJML_ENDING = ".mjml.j2"
_GIVEN = ("tokens", "words")
"""What every template has at hand."""

_TEMPLATE_FAULTS = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


@dataclass(frozen=True, eq=False)
class Theme:
    """The look of a publication: `environment` finds the templates, `tokens` holds colours, fonts and sizes,
    `words` the phrases beside the author's own words.

    In templates these are the globals `tokens` (`{{ tokens.light.accent }}`) and `words`
    (`{{ words.unsubscribe }}`). Text put into `*.html.j2` and `*.mjml.j2` is escaped, into `*.txt.j2` and
    `*.css.j2` it is not. Templates are read once: who changes a file makes the theme anew.
    """

    name: str
    tokens: Tokens
    words: Words
    environment: jinja2.Environment

    def render(self, template: str, **values: object) -> str:
        """Fills in a template.

        Raises ConfigurationError with the template's name and line when it is missing, malformed, or asks
        for something that is not there.
        """
        try:
            return self.environment.get_template(template).render(**values)
        except _TEMPLATE_FAULTS as error:
            self._explain(template, error, values)

    def compile(self, template: str) -> None:
        """Reads a template without filling it in. Raises ConfigurationError as `render` does."""
        try:
            self.environment.get_template(template)
        except _TEMPLATE_FAULTS as error:
            self._explain(template, error, ())

    def source(self, template: str) -> str:
        """The unfilled text of a template or other file of the theme, such as "style.css"."""
        loader = self.environment.loader
        assert loader is not None  # noqa: S101 - make_theme always sets one
        try:
            return loader.get_source(self.environment, template)[0]
        except jinja2.TemplateNotFound as error:
            self._explain(template, error, ())

    def locate(self, line: str) -> tuple[str, int] | None:
        """The template and line number that can have written this line; None when none or several can."""
        found: dict[tuple[str, int], str] = {}  # a template may have two names
        for name in self.environment.list_templates(extensions=["j2"]):
            source = self.source(name)
            for number, each in enumerate(source.splitlines(), start=1):
                if _writes(each.strip(), line.strip()):
                    found.setdefault((source, number), name)
        if len(found) != 1:
            return None
        (((_, number), name),) = found.items()
        return name, number

    def _explain(self, template: str, error: Exception, values: Iterable[str]) -> NoReturn:
        """Turns what Jinja2 raised into a problem that points at the template; bugs of ours pass through."""
        if isinstance(error, jinja2.TemplateNotFound):
            name, line = _place(error.__traceback__)
            raise ConfigurationError(
                f"There is no template {error.name}.",
                file=name or template,
                line=line,
                hint="Look for a typing error in its name; a publication's own templates lie in templates/.",
                code="missing-template",
            ) from error
        if isinstance(error, jinja2.TemplateSyntaxError):
            raise ConfigurationError(
                f"The template cannot be read: {error.message}",
                file=error.name or template,
                line=error.lineno,
                code="template-syntax",
            ) from error
        if isinstance(error, RecursionError) and (chain := self._circle(template)):
            raise ConfigurationError(
                f"These templates include each other without end: {' → '.join(name for name, _ in chain)}.",
                file=chain[0][0],
                line=chain[0][1],
                hint="Take one of these includes out.",
                code="template-cycle",
            ) from error
        name, line = _place(error.__traceback__)
        if not name and not isinstance(error, jinja2.TemplateError):
            raise error
        raise ConfigurationError(
            f"The template cannot be filled in: {error}",
            file=name or template,
            line=line,
            hint=f"It is given: {', '.join(sorted([*values, *_GIVEN]))}.",
            code="template-value",
        ) from error

    def _circle(self, template: str) -> list[tuple[str, int]]:
        """The templates that lead back to themselves, the first one again at the end, each with the line
        that leads on; empty when none are found from here."""
        way: list[tuple[str, int]] = []
        done: set[str] = set()

        def walk(name: str) -> list[tuple[str, int]]:
            names = [one for one, _ in way]
            if name in names:
                return [*way[names.index(name) :], (name, 0)]
            if name in done:
                return []
            for line, target in self.named_in(name):
                way.append((name, line))
                if found := walk(target):
                    return found
                way.pop()
            done.add(name)
            return []

        return walk(template)

    def named_in(self, template: str) -> Iterator[tuple[int, str]]:
        """The templates that a template names, with the line; not those whose names it puts together."""
        self.compile(template)
        tree = self.environment.parse(self.source(template))
        kinds = (jinja2.nodes.Include, jinja2.nodes.Extends, jinja2.nodes.Import, jinja2.nodes.FromImport)
        for node in tree.find_all(kinds):
            named = node.template  # type: ignore[attr-defined] # all these kinds have one
            if isinstance(named, jinja2.nodes.Const):
                yield node.lineno, str(named.value)


def make_theme(
    name: str,
    loader: jinja2.BaseLoader,
    tokens_sources: Sequence[tuple[str, str]],
    words_sources: Sequence[tuple[str, str]],
    language: str = "en",
) -> Theme:
    """Builds the theme `name` from a loader and the texts of its files of tokens and words.

    The sources are (file, TOML text) pairs: the first one says which tokens or phrases there are and of what
    kind, later ones (the publication's own) replace single values. Raises ConfigurationError with all
    problems.
    """
    tokens, words = read_tokens(tokens_sources), read_words(language, words_sources)
    environment = _Environment(
        loader=_NamingLoader(loader),
        autoescape=lambda template: template is None or not template.endswith(_PLAIN_ENDINGS),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals |= dict(zip(_GIVEN, (tokens, words), strict=True))
    environment.filters["fill"] = lambda text, first="", rest="": "\n".join(
        fill(text, first=first, rest=rest)
    )
    environment.filters["underline"] = lambda text, stroke: "\n".join(underline(text, stroke))
    return Theme(name, tokens, words, environment)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, with a short way for what most templates ask for."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute. Those of our own values need no closer look: the values are frozen."""
        if type(obj).__module__.startswith("newsletter.") and not attribute.startswith("_"):
            try:
                return getattr(obj, attribute)
            except AttributeError:
                pass
        return super().getattr(obj, attribute)


def _writes(template_line: str, line: str) -> bool:
    """Whether a line of a template, whatever its expressions say, can have become `line`."""
    literals = _EXPRESSION.split(template_line)
    if not any(literal.strip() for literal in literals):
        return False
    return re.fullmatch(".*".join(map(re.escape, literals)), line) is not None


def _place(traceback: TracebackType | None) -> tuple[str, int]:
    """Template and line where an exception left the templates; ("", 0) when it came from our own code.

    Jinja2 rewrites tracebacks so that the frame of a template carries the template's file name and line.
    """
    name, line = "", 0
    while traceback is not None:
        if (file := traceback.tb_frame.f_code.co_filename).endswith(_TEMPLATE_ENDING):
            name, line = file, traceback.tb_lineno
        traceback = traceback.tb_next
    return name, line


class _NamingLoader(jinja2.BaseLoader):
    """Finds what `loader` finds, but files are called by their template's name in tracebacks and errors."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self._loader = loader

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        try:
            source, _, fresh = self._loader.get_source(environment, template)
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"The template is not in UTF-8: octet {error.start + 1} is wrong.",
                file=template,
                hint="Save it as UTF-8 in your editor.",
                code="template-encoding",
            ) from error
        if template.endswith(_MJML_ENDING) and not source.endswith("\n"):
            source += "\n"  # or its last line would run into the next one of the template that includes it
        return source, template, fresh

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()
