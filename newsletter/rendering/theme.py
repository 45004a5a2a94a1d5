"""A theme: templates, the publication's own before the theme's, and the tokens of mail and archive."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.errors import ConfigurationError, Problem
from newsletter.rendering.lines import fill, underline

Tokens = Mapping[str, Mapping[str, str | int]]
"""Values by section and name, as in a theme's tokens.toml."""

_PLAIN_ENDINGS = (".txt.j2", ".css.j2")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_COLOUR_SECTIONS = ("light", "dark")
_UNSAFE = re.compile(r"""[<>{};"\\\x00-\x1f]""")
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_TEMPLATE_ENDING = ".j2"
_TEMPLATE_FAULTS = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


@dataclass(frozen=True)
class Theme:
    """The look of a publication: `environment` finds the templates, `tokens` holds colours, fonts and sizes.

    In templates the tokens are the global `tokens` (`{{ tokens.light.accent }}`). Text put into `*.html.j2`
    and `*.mjml.j2` is escaped, into `*.txt.j2` and `*.css.j2` it is not.
    """

    name: str
    tokens: Tokens
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
        found = [
            (name, number)
            for name in self.environment.list_templates(extensions=["j2"])
            for number, each in enumerate(self.source(name).splitlines(), start=1)
            if _writes(each.strip(), line.strip())
        ]
        return found[0] if len(found) == 1 else None

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
        name, line = _place(error.__traceback__)
        if not name and not isinstance(error, jinja2.TemplateError):
            raise error
        raise ConfigurationError(
            f"The template cannot be filled in: {error}",
            file=name or template,
            line=line,
            hint=f"It is given: {', '.join(sorted([*values, 'tokens']))}.",
            code="template-value",
        ) from error


def make_theme(name: str, loader: jinja2.BaseLoader, tokens_sources: Sequence[tuple[str, str]]) -> Theme:
    """Builds the theme `name` from a loader and the texts of its token files.

    `tokens_sources` are (file, TOML text) pairs: the first one says which tokens there are and of what kind,
    later ones (the publication's own) replace single values. Raises ConfigurationError with all problems.
    """
    tokens = _merge(tokens_sources)
    environment = ImmutableSandboxedEnvironment(
        loader=_NamingLoader(loader),
        autoescape=lambda template: template is None or not template.endswith(_PLAIN_ENDINGS),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["tokens"] = tokens
    environment.filters["fill"] = lambda text, first="", rest="": "\n".join(
        fill(text, first=first, rest=rest)
    )
    environment.filters["underline"] = lambda text, stroke: "\n".join(underline(text, stroke))
    return Theme(name, tokens, environment)


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
        return source, template, fresh

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()


def _merge(sources: Sequence[tuple[str, str]]) -> Tokens:
    problems: list[Problem] = []
    tokens: dict[str, dict[str, str | int]] = {}
    for position, (file, text) in enumerate(sources):
        try:
            read = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            problems.append(Problem("broken-toml", f"{error}.", file, int(line[1]) if line else 0))
            continue
        for section, values in read.items():
            if not isinstance(values, dict):
                problems.append(_unknown(section, tokens, file, _line(text, "", section)))
            elif position == 0:
                tokens[section] = dict(values)
            elif section not in tokens:
                problems.append(_unknown(section, tokens, file, _line(text, section)))
            else:
                problems += _override(tokens[section], section, values, file, text)
    if problems:
        raise ConfigurationError.of(problems)
    return MappingProxyType({section: MappingProxyType(values) for section, values in tokens.items()})


def _override(
    known: dict[str, str | int], section: str, values: Mapping[str, Any], file: str, text: str
) -> list[Problem]:
    problems = []
    for key, value in values.items():
        line = _line(text, section, key)
        if key not in known:
            problems.append(_unknown(key, known, file, line))
        elif fault := _fault(section, known[key], value):
            problems.append(Problem("bad-token", f"{section}.{key} {fault}", file, line))
        else:
            known[key] = value
    return problems


def _fault(section: str, default: str | int, value: object) -> str:
    """What is wrong with a token's value, "" when nothing is. It will stand in style sheets."""
    if section in _COLOUR_SECTIONS:
        if not (isinstance(value, str) and _COLOUR.fullmatch(value)):
            return f'must be a colour of six hexadecimal digits, such as "{default}".'
    elif type(value) is not type(default):
        kind = "a whole number" if isinstance(default, int) else "a text in quotes"
        return f"must be {kind}, such as {default!r}."
    elif isinstance(value, str) and _UNSAFE.search(value):
        return "holds a character that a style sheet cannot hold; use single quotes around font names."
    return ""


def _unknown(name: str, known: Mapping[str, object], file: str, line: int) -> Problem:
    near = difflib.get_close_matches(name, known, 1)
    hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(known)}."
    return Problem("unknown-token", f'There is no token called "{name}".', file, line, hint)


def _line(text: str, section: str, key: str = "") -> int:
    """The line of a section's header or of a key in it; 0 when it is written in a way not looked for here."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\]]*)\]", line):
            current = header[1].strip().strip("\"'")
            if current == section and not key:
                return number
        elif current == section and key and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return number
    return 0
