"""Writes the pages of docs/reference that follow from the code; a test holds them against it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from newsletter.checking.rule import Rulebook
from newsletter.checking.rules import BOOKS
from newsletter.cli import table
from newsletter.cli.app import group
from newsletter.config.describing import Key, keys, named_tables, tables
from newsletter.config.schema import Settings

FOLDER = Path(__file__).parent / "reference"
WIDTH = 90

CONFIGURATION = """\
# Configuration

Everything a publication is told stands in `newsletter.toml`, in its folder ([TOML](https://toml.io/)). Three
keys are needed: `title`, `url` and `from` under `[publication]`. A key or table that is not listed here is an
error, with the nearest name as a suggestion; all mistakes are reported at once, each with its line.

Paths are meant from the publication's folder. A secret never stands in this file: `env:NAME` names an
environment variable that holds it, `file:PATH` a file whose first line is the secret.
"""

RULES = """\
# Rules

What `newsletter check` looks for. Errors keep an issue from being built and sent; warnings do not.

How bad you take a rule is yours to say. In `newsletter.toml`, by its code:

```toml
[checks]
figure-without-caption = "off"      # not a word about it
missing-doi = "error"               # nothing is sent without
heavy-mail = "warn"
```
"""

COMMANDS = """\
# Commands

Results are printed on standard output, all talk on standard error. With `--json`, results are JSON. Colours
are left out when [`NO_COLOR`](https://no-color.org/) is set, and where the output is no terminal.

An issue is named by its slug (`six-clots`), by its file (`2026-11-24-six-clots.md`) or by a path to it.
"""


def configuration() -> str:
    """The reference of newsletter.toml."""
    return "\n".join([CONFIGURATION, *_tables(Settings, ""), *_free_tables()])


def _free_tables() -> Iterator[str]:
    """The tables whose keys follow from elsewhere."""
    for key in keys(Settings):
        yield f"## `[{key.name}]`\n"
        yield f"{key.doc} The value is {key.kind.says}; when left out, {key.otherwise}.\n"


def _tables(cls: type, path: str) -> Iterator[str]:
    named = ((f"{name}.NAME", inner) for name, inner in named_tables(cls))
    for name, inner in (*tables(cls), *named):
        dotted = f"{path}{name}"
        yield f"## `[{dotted}]`\n"
        yield f"{(inner.__doc__ or '').strip()}\n"
        found = list(keys(inner))
        yield "| key | what it is for | value | when left out |\n| :-- | :-- | :-- | :-- |"
        for key in found:
            yield f"| `{key.name}` | {key.doc} | {key.kind.says} | {_default(key)} |"
        yield ""
        yield from _tables(inner, f"{dotted}.")


def _default(key: Key) -> str:
    if key.required:
        return "**needed**"
    if key.otherwise:
        return key.otherwise
    if key.default == "":
        return "empty"
    return f'`"{key.default}"`' if isinstance(key.default, str) else f"`{key.default}`"


def commands() -> str:
    """The reference of the command line."""
    parts = [COMMANDS, _block(table.help_text())]
    for title, rows in table.SECTIONS:
        parts.append(f"## {title}\n")
        for name, module, _ in rows:
            command = getattr(import_module(f"newsletter.cli.{module}"), name.replace("-", "_"))
            parts += _command(
                command, name, click.Context(group, info_name="newsletter", **group.context_settings)
            )
    parts.append("## Exit codes\n")
    parts.append("| code | meaning |\n| --: | :-- |")
    parts += [f"| {code} | {meaning} |" for code, meaning in table.EXIT_CODES]
    return "\n".join(parts) + "\n"


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, parent, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    if isinstance(command, click.Group):
        for inner_name, inner in command.commands.items():
            yield from _command(inner, inner_name, context)
        return
    yield f"### `{context.command_path}`\n"
    yield _block(command.get_help(context))


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def rules() -> str:
    """The reference of the rules."""
    return "\n".join([RULES, *(line for book in BOOKS for line in _book(book))])


def _book(book: Rulebook[Any]) -> Iterator[str]:
    yield f"## {book.title}\n"
    yield "| code | level | what it says | why |\n| :-- | :-- | :-- | :-- |"
    for rule in book.rules.values():
        why = " ".join((rule.check.__doc__ or "").split()).replace("|", r"\|")
        yield f"| `{rule.code}` | {rule.level} | {rule.description} | {why} |"
    yield ""


def pages() -> dict[Path, str]:
    """The generated pages by their files."""
    texts = {"configuration": configuration(), "commands": commands(), "rules": rules()}
    return {FOLDER / f"{name}.md": text for name, text in texts.items()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path)
