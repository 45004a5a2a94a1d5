"""The compiler with its linter in front, and its errors said so that they can be mended."""

from __future__ import annotations

import re

from mjml import mjml2html

from newsletter.errors import ConfigurationError
from newsletter.rendering.mjml.attributes import attribute_problems
from newsletter.rendering.mjml.outline import read_outline
from newsletter.rendering.mjml.source import Locate, Source
from newsletter.rendering.mjml.widths import width_problems

_POSITION = re.compile(r" (?:in root template )?at position (\d+):(\d+)")


def compile_mjml(mjml: str, *, file: str, locate: Locate | None = None) -> str:
    """The HTML of an MJML document.

    `file` names the template it came from. Raises ConfigurationError with line and column of the filled-in
    template, and the line itself; where `locate` knows the template that wrote this line, the error points
    there. Of wrong attributes all are named, of a wrong structure only the first. No remote fonts are added.
    """
    source = Source(mjml, file, locate)
    tags = read_outline(source)
    problems = list(attribute_problems(source, tags)) or list(width_problems(source, tags))
    if problems:
        # one line of a template is often written several times
        once = {(problem.file, problem.line, problem.message): problem for problem in reversed(problems)}
        raise ConfigurationError.of(list(reversed(once.values())))
    try:
        return mjml2html(mjml, fonts={})
    except ValueError as error:
        reason = str(error)
        position = _POSITION.search(reason)
        at = source.character(int(position[1])) if position else 0
        source.refuse(at, f"The MJML compiler says: {_POSITION.sub('', reason)}.")
    except BaseException as error:
        # A panic of the engine is a BaseException of a class that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise ConfigurationError(
            "The MJML compiler gave up on this template.", file=file, hint=str(error), code="mjml"
        ) from error
