"""The list of feeds in newsletter.toml, exchanged with feed readers as OPML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.actions.create import make_slug
from newsletter.config import read_settings
from newsletter.errors import ConfigurationError, StorageError
from newsletter.feeds.opml import Outline, read_opml, write_opml
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import read_fault
from newsletter.gathering.entries import address_key, host_of
from newsletter.publication import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Container

    from newsletter.publication import Publication

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a list: the feeds that are new, by name, and the addresses that were there already."""

    added: dict[str, str]
    known: tuple[str, ...]


def export_feeds(publication: Publication, path: Path) -> int:
    """Writes the feeds as OPML; gives their number. Raises StorageError."""
    feeds = publication.settings.feeds
    outlines = [Outline(name, settings.url) for name, settings in feeds.items()]
    write_atomic(path, write_opml(f"Feeds of {publication.settings.publication.title}", outlines).encode())
    return len(outlines)


def import_feeds(publication: Publication, path: Path, *, dry_run: bool = False) -> Imported:
    """Adds the feeds of an OPML list to the end of newsletter.toml, of which nothing else is touched.

    Raises ContentError when it is no such list, StorageError when the files cannot be read or written.
    """
    try:
        outlines = read_opml(path.read_bytes(), str(path))
    except OSError as error:
        raise read_fault(error, path) from error
    feeds = publication.settings.feeds
    addresses = {address_key(settings.url) for settings in feeds.values()}
    added: dict[str, str] = {}
    known: list[str] = []
    for outline in outlines:
        if address_key(outline.url) in addresses:
            known.append(outline.url)
            continue
        addresses.add(address_key(outline.url))
        added[_name(outline, {*feeds, *added})] = outline.url
    if added and not dry_run:
        _append(publication, added)
    return Imported(added, tuple(known))


def _name(outline: Outline, taken: Container[str]) -> str:
    base = make_slug(outline.title) or make_slug(host_of(outline.url)) or "feed"
    base = base[: _LONGEST_NAME - 4].strip("-")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _append(publication: Publication, added: dict[str, str]) -> None:
    path = publication.folder / SETTINGS
    try:
        text = path.read_bytes().decode()
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise read_fault(error, path) from error
    tables = (
        f"\n[feeds.{name}]\nurl = {json.dumps(url, ensure_ascii=False)}\n" for name, url in added.items()
    )
    new = f"{text.rstrip()}\n{''.join(tables)}"
    try:
        read_settings(new, SETTINGS)  # a table of feeds written in another way would now be there twice
    except ConfigurationError as error:
        raise StorageError(
            "The feeds cannot be added to newsletter.toml as it is written.",
            file=SETTINGS,
            hint='Give each feed a table of its own: [feeds.NAME], with url = "…".',
            code="no-place",
        ) from error
    write_atomic(path, new.encode(), mode=mode)
