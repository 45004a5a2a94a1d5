"""What taking in a list does to each of its rows: who is new, who changes, and who stays out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from newsletter.audience.rows import Rejected, Row
from newsletter.audience.standing import DEPARTED


class Verdict(StrEnum):
    """What became of one row."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    DEPARTED = "departed"
    """The reader left, bounced or complained; only he himself can come back."""


LEFT_OUT: Final = (Verdict.INVALID, Verdict.DUPLICATE, Verdict.SUPPRESSED, Verdict.DEPARTED)


class RowResult(NamedTuple):
    """One row, what became of it, and why: `reason` is the end of a sentence, or "" when all is plain."""

    line: int
    value: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: `counts` has every verdict, and they sum to the rows of the file.

    `rejections` (rows left out) and `remarks` (rows taken in with something to say) are the first thousand
    of each.
    """

    counts: Mapping[Verdict, int]
    rejections: tuple[RowResult, ...]
    remarks: tuple[RowResult, ...]

    @property
    def total(self) -> int:
        """All rows of the file."""
        return sum(self.counts.values())


class Known(NamedTuple):
    """What an import may change of a subscriber whom it meets on the list, and what he is (Status values)."""

    id: int
    status: str
    name: str
    first_name: str
    last_name: str
    tier: str
    fields: Mapping[str, str]
    tags: frozenset[str]


class Decision(NamedTuple):
    """A verdict, its reason, and, for UPDATED, what the known subscriber becomes."""

    verdict: Verdict
    reason: str = ""
    becomes: Known | None = None


SIMPLY_NEW: Final = Decision(Verdict.NEW)


def decide(item: Row | Rejected, known: Known | None, *, suppressed: bool) -> Decision:
    """What taking in `item` does, `known` being who has that address already.

    An import brings nobody back: a suppressed address stays out, and those who left are left alone. It may
    let somebody go, when the list says that he left, bounced or complained. Of the others names, tier and
    fields are replaced where the list says something, and tags are added.
    """
    if isinstance(item, Rejected):
        return Decision(Verdict.DUPLICATE if item.duplicate_of else Verdict.INVALID, item.reason)
    if suppressed:
        return Decision(Verdict.SUPPRESSED, "the address is on the suppression list")
    if known is None:
        return Decision(Verdict.NEW, "; ".join(item.notes)) if item.notes else SIMPLY_NEW
    if known.status in DEPARTED:
        if item.status in DEPARTED:
            return Decision(Verdict.UNCHANGED)
        return Decision(Verdict.DEPARTED, f"this reader is {known.status}, and only he can change that")
    notes = item.notes
    if item.status in DEPARTED:
        gone = known._replace(status=item.status.value)
        return Decision(Verdict.UPDATED, f"the list says {item.status}: this reader is mailed no more", gone)
    if item.status is not None and item.status != known.status:
        notes += (f"the list says {item.status}, but an import changes nobody's status: {known.status}",)
    becomes = _merged(known, item)
    if becomes == known:
        return Decision(Verdict.UNCHANGED, "; ".join(notes))
    return Decision(Verdict.UPDATED, "; ".join(notes), becomes)


def _merged(known: Known, row: Row) -> Known:
    return Known(
        id=known.id,
        status=known.status,
        name=row.name or known.name,
        first_name=row.first_name or known.first_name,
        last_name=row.last_name or known.last_name,
        tier=row.tier.value if row.tier else known.tier,
        fields={**known.fields, **row.fields} if row.fields else known.fields,
        tags=known.tags.union(row.tags) if row.tags else known.tags,
    )


class Tallying:
    """Adds up a report; its size does not grow with the import."""

    KEPT = 1000

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Verdict, 0)
        self._rejections: list[RowResult] = []
        self._remarks: list[RowResult] = []

    def simply_new(self, count: int) -> None:
        """Counts rows about which there is nothing to say."""
        self._counts[Verdict.NEW] += count

    def add(self, result: RowResult) -> None:
        """Counts one row, and keeps it when there is something to say about it and room."""
        self._counts[result.verdict] += 1
        if result.reason:
            kept = self._rejections if result.verdict in LEFT_OUT else self._remarks
            if len(kept) < self.KEPT:
                kept.append(result)

    def report(self) -> ImportReport:
        """What was added so far."""
        return ImportReport(dict(self._counts), tuple(self._rejections), tuple(self._remarks))


def result_of(item: Row | Rejected, decision: Decision) -> RowResult:
    """The result to show for a row."""
    value = item.value if isinstance(item, Rejected) else item.address.email
    return RowResult(item.line, value, decision.verdict, decision.reason)
