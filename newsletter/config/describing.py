"""How a table of newsletter.toml is described: by the fields of a dataclass and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any

from newsletter.config.kinds import Kind


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of one key of the file.

    `name` is its name there, `attribute` the one in Python; `otherwise` says in words what holds when it is
    left out, where the plain default would not tell.
    """

    name: str
    attribute: str
    kind: Kind
    doc: str
    otherwise: str
    required: bool
    default: Any


def key(kind: Kind, doc: str, *, otherwise: str = "", name: str = "") -> Mapping[str, Any]:
    """The description of a key, as a field's metadata. `name` is for keys whose name Python has taken."""
    return {"kind": kind, "doc": doc, "otherwise": otherwise, "name": name}


def keys(cls: type) -> Iterator[Key]:
    """The keys of a table."""
    for entry in _fields(cls, "kind"):
        about = entry.metadata
        yield Key(
            name=about["name"] or entry.name,
            attribute=entry.name,
            kind=about["kind"],
            doc=about["doc"],
            otherwise=about["otherwise"],
            required=entry.default is MISSING,
            default=entry.default,
        )


def tables(cls: type) -> Iterator[tuple[str, type]]:
    """The tables inside a table, by name."""
    for entry in _fields(cls, "table"):
        yield entry.name, entry.metadata["table"]


def named_tables(cls: type) -> Iterator[tuple[str, type]]:
    """The tables inside a table whose tables have names of the publisher's choice: `[feeds.NAME]`."""
    for entry in _fields(cls, "named"):
        yield entry.name, entry.metadata["named"]


def _fields(cls: type, described_by: str) -> Iterator[Field[Any]]:
    return (entry for entry in fields(cls) if described_by in entry.metadata)
