"""The themes for tests, with a publication's own files over them and without a folder of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jinja2

from newsletter.rendering.theme import Theme, make_theme

FOLDER = Path(__file__).parents[2] / "newsletter" / "themes"


def make(
    own: Mapping[str, str] | None = None,
    tokens: str = "",
    words: str = "",
    language: str = "en",
    name: str = "plain",
) -> Theme:
    """The theme `name`, with a publication's own templates, tokens and words over it."""
    folders = [FOLDER / each for each in dict.fromkeys(("plain", name))]
    loaders: list[jinja2.BaseLoader] = [jinja2.FileSystemLoader(folder) for folder in reversed(folders)]
    loaders.append(jinja2.PrefixLoader({"plain": loaders[-1]}))
    return make_theme(
        name,
        jinja2.ChoiceLoader([jinja2.DictLoader(dict(own or {})), *loaders]),
        _sources(folders, "tokens.toml", tokens),
        _sources(folders, "words.toml", words),
        language,
    )


def _sources(folders: list[Path], file: str, own: str) -> list[tuple[str, str]]:
    texts = [
        (f"{folder.name}/{file}", (folder / file).read_text(encoding="utf-8"))
        for folder in folders
        if (folder / file).exists()
    ]
    return [*texts, (f"templates/{file}", own)] if own else texts


PLAIN = make()
WORDS = PLAIN.words
