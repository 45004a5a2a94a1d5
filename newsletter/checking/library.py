"""Rules about the reference files as a whole, for which all issues must be known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from newsletter.checking.rule import Finding, Rulebook
from newsletter.errors import Level

_MOST = 20
"""Works that are named one by one; where more are unused, somebody keeps a whole library in the file."""


@dataclass(frozen=True, slots=True)
class Library:
    """The works of the reference files, by key, with file and line; and the keys that any issue cites."""

    places: Mapping[str, tuple[str, int]]
    cited: Collection[str]


LIBRARY_RULES: Rulebook[Library] = Rulebook("In the reference files")


@LIBRARY_RULES.rule("unused-reference", Level.WARNING, "Every reference is cited by an issue.")
def unused_reference(library: Library) -> Iterator[Finding]:
    """It may be a citation that was forgotten, or a key that was renamed. Looked at only with all issues."""
    unused = {key: place for key, place in library.places.items() if key not in library.cited}
    if len(unused) > _MOST:
        file, _ = next(iter(unused.values()))
        first = ", ".join(list(unused)[:3])
        hint = 'If that is how you keep your library, write unused-reference = "off" under [checks].'
        yield Finding(0, f"No issue cites {len(unused):,} of the references: {first}, …", hint, file)
        return
    for key, (file, line) in unused.items():
        yield Finding(line, f"No issue cites “{key}”.", "Cite it, or delete it.", file)
