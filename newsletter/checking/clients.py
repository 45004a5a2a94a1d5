"""Which mail programs drop something that a mail makes use of, after caniemail's tests of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from newsletter.checking.features import features_of
from newsletter.checking.rule import Finding, Rulebook
from newsletter.errors import ContentError, Level

TABLE = "checking/data/clients.json"
"""Where the table lies in the package."""

ALIASES = {
    "apple": "apple-mail",
    "samsung": "samsung-email",
    "proton": "protonmail",
    "mozilla": "thunderbird",
}

_CLOAK = "only the preheader uses it, which is hidden in several ways at once"
_SPOKEN = "it speaks to screen readers; where it is dropped, the text is read as it stands"
_DARK = "the light colours stay"
_INLINED = "what the mail cannot do without is written into the elements"
_USUAL = "it only says what is usual anyway"
EXTRAS: Mapping[str, str] = {
    "element style": _INLINED,
    **{
        f"selector {kind}": _INLINED
        for kind in ("type", "class", "id", "grouping", "descendant", "child", "chaining", "universal")
    },
    "element body": "its colour stands in the first element inside as well",
    "property word-spacing": _USUAL,
    "property outline": _USUAL,
    "property height": "heights are given by attributes, or follow from the text",
    "meta color-scheme": _DARK,
    "property color-scheme": _DARK,
    "property supported-color-schemes": _DARK,
    "property text-wrap": "lines break a little less evenly",
    "property letter-spacing": "small capitals stand a little closer",
    "property word-break": "words in narrow cells break at hyphens alone",
    "property overflow-wrap": "very long words stand out at the side",
    "property border-radius": "corners are square",
    "property max-width": "the width is given by attributes and tables as well",
    "property box-sizing": "it changes nothing where widths are given in pixels",
    "property hyphens": "words are not hyphenated",
    "property table-layout": "columns are measured by their contents",
    "property white-space": "long lines of code run on",
    "property text-decoration": "links keep the line under them",
    "property list-style": "lists have their plain marks",
    "property max-height": _CLOAK,
    "property opacity": _CLOAK,
    "property overflow": _CLOAK,
    "property visibility": _CLOAK,
    "value display:none": _CLOAK,
    "attribute lang": _SPOKEN,
    "attribute dir": "the alignment is given as well",
    "attribute role": _SPOKEN,
    "attribute scope": _SPOKEN,
    "attribute aria-label": _SPOKEN,
    "attribute aria-labelledby": _SPOKEN,
    "attribute aria-hidden": _SPOKEN,
    "attribute aria-roledescription": _SPOKEN,
}
"""What a mail may use and lose, by what happens then: deliberate extras of the themes, no cause for alarm."""


@dataclass(frozen=True, slots=True)
class ClientTable:
    """What mail programs drop. `clients` are (key, name) pairs; `dropped` gives their places by feature."""

    date: str
    clients: tuple[tuple[str, str], ...]
    dropped: Mapping[str, Sequence[int]]

    @classmethod
    def read(cls, text: str) -> ClientTable:
        """The table as `docs/maintenance/distil_caniemail.py` writes it."""
        value = json.loads(text)
        return cls(value["date"], tuple((key, name) for key, name in value["clients"]), value["dropped"])

    def choose(self, names: Collection[str]) -> frozenset[int]:
        """The places of the programs that `names` mean: families ("gmail"), single ones ("outlook.windows"),
        or "all". Raises ContentError (`unknown-client`) for names that mean none."""
        chosen: set[int] = set()
        for given in names:
            name = ALIASES.get(given.lower(), given.lower())
            found = {
                place
                for place, (key, _) in enumerate(self.clients)
                if name in ("all", key, key.partition(".")[0])
            }
            if not found:
                families = sorted({key.partition(".")[0] for key, _ in self.clients})
                near = get_close_matches(name, [*families, *(key for key, _ in self.clients)], 1)
                raise ContentError(
                    f"There is no mail program called {given} in the table.",
                    hint=f"Did you mean {near[0]}?" if near else f"There are {', '.join(families)}.",
                    code="unknown-client",
                )
            chosen |= found
        return frozenset(chosen)

    def properties(self, client: str) -> frozenset[str]:
        """The CSS properties that the program with this key drops."""
        place = [key for key, _ in self.clients].index(client)
        names = (name for name, dropping in self.dropped.items() if place in dropping)
        return frozenset(name[9:] for name in names if name.startswith("property "))


@dataclass(frozen=True, slots=True)
class Loss:
    """A feature that a mail uses, the names of the programs that drop it (of `asked` programs), and, for
    deliberate extras, what happens then."""

    feature: str
    clients: tuple[str, ...]
    asked: int
    extra: str = ""

    def __str__(self) -> str:
        return (
            f"{_written(self.feature)} is dropped by {len(self.clients)} of {self.asked} mail programs: "
            f"{', '.join(self.clients)}"
        )


def losses(html: str, table: ClientTable, chosen: frozenset[int]) -> list[Loss]:
    """What the mail uses and at least one of the chosen programs drops, as it comes in the mail."""
    features = features_of(html)
    reasons = {**dict.fromkeys(features.optional, "media queries only add to the mail"), **EXTRAS}
    found = []
    for feature in (*features.plain, *features.optional):
        dropping = [place for place in table.dropped.get(feature, ()) if place in chosen]
        if dropping:
            names = tuple(table.clients[place][1] for place in dropping)
            found.append(Loss(feature, names, len(chosen), reasons.get(feature, "")))
    return found


CLIENT_RULES: Rulebook[Sequence[Loss]] = Rulebook("In the finished mail, for the programs of --clients")


@CLIENT_RULES.rule(
    "dropped-by-clients", Level.WARNING, "No mail program that was named drops what the mail needs."
)
def dropped_by_clients(found: Sequence[Loss]) -> Iterator[Finding]:
    """Deliberate extras do not count: the mail stands without them."""
    for loss in found:
        if not loss.extra:
            yield Finding(
                0,
                f"{loss}.",
                "It stands in the look of the mail (templates/email), not in the issue. Say the same with "
                "something that they keep, or see that the mail reads well without it.",
            )


def _written(feature: str) -> str:
    """A feature as it is written: `<style>`, `hyphens`, `@media (hover)`, `.a > .b`."""
    kind, _, name = feature.partition(" ")
    if kind == "element":
        return f"The element <{name}>"
    if kind == "at":
        at, _, query = name.partition(" ")
        return f"The rule @{at}{f' ({query})' if query else ''}"
    known = {"property": "The CSS property", "value": "The declaration", "pseudo": "The selector"}
    return f"{known.get(kind, f'The {kind}')} {name}"
