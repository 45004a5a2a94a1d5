import io
import json

import pytest

from newsletter.cli.output import Output, Progress, clock_time, counted, size_text
from newsletter.errors import Level, Problem

PROBLEM = Problem("unknown-key", "There is no key titel.", "newsletter.toml", 3, "Did you mean title?")
WARNING = Problem("long", "Rather long.", level=Level.WARNING)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def output(*, terminal: bool = False, **environ: str) -> Output:
    stream = Terminal if terminal else io.StringIO
    return Output(stream(), stream(), environ)


def shown(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_results_go_to_stdout_and_talk_to_stderr() -> None:
    out = output()
    out.result("a result")
    out.data({"not": "printed"})
    out.say("talk")
    out.detail("not printed")
    out.next("newsletter check", "newsletter build")

    assert shown(out.stdout) == "a result\n"
    assert shown(out.stderr) == "talk\nNext: newsletter check\n      newsletter build\n"


def test_json_is_one_line_and_instead_of_words() -> None:
    out = output()
    out.json = True
    out.result("a result")
    out.table([("a", "b")])
    out.data({"title": "Schöne Grüße"})

    assert json.loads(shown(out.stdout)) == {"title": "Schöne Grüße"}
    assert shown(out.stdout).count("\n") == 1


def test_quiet_leaves_results_and_errors() -> None:
    out = output()
    out.quiet = True
    out.result("a result")
    out.say("talk")
    out.next("newsletter check")
    out.problems([PROBLEM, WARNING])
    out.progress("Sending", 10).update(10)

    assert shown(out.stdout) == "a result\n"
    assert shown(out.stderr) == f"{PROBLEM}\n"


def test_verbose_tells_details() -> None:
    out = output()
    out.verbose = True
    out.detail("a detail")

    assert shown(out.stderr) == "a detail\n"


def test_a_problem_is_printed_as_it_says_itself() -> None:
    out = output()
    out.problems([PROBLEM, WARNING])
    out.findings([WARNING, PROBLEM])

    assert shown(out.stderr) == f"{PROBLEM}\n{WARNING}\n"
    assert shown(out.stdout) == f"{WARNING}\n{PROBLEM}\n"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_only_where_it_is_wanted(environ: dict[str, str]) -> None:
    coloured, plain = output(terminal=True, NO_COLOR=""), output(terminal=True, **environ)
    for each in (coloured, plain):
        each.problems([PROBLEM])

    assert "\x1b[1;31merror[unknown-key]\x1b[0m" in shown(coloured.stderr)
    assert shown(plain.stderr) == f"{PROBLEM}\n"


def test_tables_have_columns() -> None:
    out = output()
    out.table([("a", "long", "x"), ("longer", "b", "")])

    assert shown(out.stdout) == "a       long  x\nlonger  b\n"


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_progress_without_a_terminal_is_a_line_at_every_tenth() -> None:
    out, clock = output(), Clock()
    progress = Progress(out, "Sending", 2000, clock)
    for done in range(0, 2001, 50):
        clock.time = done / 100
        progress.update(done, "3 deferred" if done > 1000 else "")
    progress.finish()

    lines = shown(out.stderr).splitlines()
    assert len(lines) == 10
    assert lines[0] == "Sending 200 of 2,000 (10 %), 100/s, 0:18 left"
    assert lines[5] == "Sending 1,200 of 2,000 (60 %), 100/s, 0:08 left, 3 deferred"
    assert lines[9] == "Sending 2,000 of 2,000 (100 %), 100/s, 3 deferred"


def test_what_was_done_before_counts_as_done_but_not_as_speed() -> None:
    out, clock = output(), Clock()
    progress = Progress(out, "Sending", 100, clock)
    progress.update(50)
    clock.time = 10
    progress.update(60)

    assert shown(out.stderr).splitlines() == [
        "Sending 50 of 100 (50 %)",
        "Sending 60 of 100 (60 %), 1.0/s, 0:40 left",
    ]


def test_progress_on_a_terminal_is_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    out, clock = output(terminal=True), Clock()
    progress = Progress(out, "Sending", 100, clock)
    for done in (0, 1, 50, 100):
        clock.time += 1 if done != 1 else 0.01
        progress.update(done)
    progress.finish()

    text = shown(out.stderr)
    assert "\n" not in text
    drawn = text.split("\r")[1:]
    assert len(drawn) == 4  # the one too soon after the first was left out
    assert drawn[0].startswith("░" * 30)
    assert drawn[1].startswith("█" * 15 + "░" * 15 + "  Sending 50 of 100 (50 %), ")
    assert drawn[3] == "\x1b[K"


def test_a_narrow_terminal_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    out = output(terminal=True)
    out.progress("Sending", 100).update(7)

    assert shown(out.stderr) == "\rSending 7 of 100 (7 %)\x1b[K"


def test_nothing_to_do_is_all_done() -> None:
    out = output()
    out.progress("Sending", 0).update(0)

    assert shown(out.stderr) == "Sending 0 of 0 (100 %)\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (41.6, "0:42"), (725, "12:05"), (12000, "3:20:00"), (-1, "0:00")]
)
def test_clock_time(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


def test_numbers_for_people() -> None:
    assert (size_text(812), size_text(41_280)) == ("812 B", "41.3 kB")
    assert (counted(1, "issue"), counted(2000, "issue")) == ("1 issue", "2,000 issues")
    assert counted(0, "delivery", "deliveries") == "0 deliveries"


def test_a_terminal_that_cannot_show_a_character_stops_nothing() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    out = Output(stream, io.StringIO(), {})
    out.result("Grüße")
    stream.flush()

    assert raw.getvalue() == b"Gr??e\n"
