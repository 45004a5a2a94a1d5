"""What `newsletter doctor` finds: one diagnosis a check, made of the symptoms that were seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a check came out. SKIP: it was not made, and the message says why."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of one check: its name, how it came out, what was found, and how to mend it."""

    check: str
    grade: Grade
    message: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that is not as it should be, WARN or FAIL."""

    grade: Grade
    message: str
    mend: str = ""


def warn(message: str, mend: str = "") -> Symptom:
    """A symptom that should be looked at."""
    return Symptom(Grade.WARN, message, mend)


def fail(message: str, mend: str = "") -> Symptom:
    """A symptom that must be mended."""
    return Symptom(Grade.FAIL, message, mend)


def diagnose(check: str, healthy: str, symptoms: Iterable[Symptom]) -> Diagnosis:
    """All symptoms of a check as one diagnosis, the worst first; `healthy` is what to say without any."""
    found = sorted(dict.fromkeys(symptoms), key=lambda symptom: symptom.grade is not Grade.FAIL)
    if not found:
        return Diagnosis(check, Grade.OK, healthy)
    mends = dict.fromkeys(symptom.mend for symptom in found if symptom.mend)
    return Diagnosis(check, found[0].grade, " ".join(symptom.message for symptom in found), "\n".join(mends))
