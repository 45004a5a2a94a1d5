from newsletter.checking.diagnosis import Diagnosis, Grade, diagnose, fail, warn


def test_without_symptoms_all_is_well() -> None:
    assert diagnose("spf", "Fine.", []) == Diagnosis("spf", Grade.OK, "Fine.")


def test_the_worst_comes_first_and_nothing_twice() -> None:
    found = diagnose(
        "spf",
        "Fine.",
        [warn("Odd.", "Look."), fail("Bad.", "Mend it."), warn("Odd.", "Look."), fail("Worse.")],
    )

    assert found == Diagnosis("spf", Grade.FAIL, "Bad. Worse. Odd.", "Mend it.\nLook.")


def test_warnings_alone_warn() -> None:
    assert diagnose("spf", "Fine.", [warn("Odd.")]).grade is Grade.WARN
