"""What people see: results on stdout, talk and progress on stderr, colour only where it is wanted."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from newsletter.errors import Level, Problem

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


class Output:
    """The two streams and how much to say on them.

    `json`: results are for programs. `quiet`: only results and errors. `verbose`: details as well.
    `folder` is put before the files of problems, so that they can be opened from where the person is.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.json = False
        self.quiet = False
        self.verbose = False
        self.folder = Path()
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self._colours = {stream: stream.isatty() and not plain for stream in (stdout, stderr)}
        for stream in (stdout, stderr):
            # a terminal that cannot show a character shows "?" rather than stopping the command
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")

    # --- results -----------------------------------------------------------------------------------------

    def result(self, line: str = "") -> None:
        """A line of the result, for people; not printed with --json."""
        if not self.json:
            print(line, file=self.stdout)

    def data(self, value: Any) -> None:
        """The result for programs, as one line of JSON; only printed with --json."""
        if self.json:
            print(json.dumps(value, ensure_ascii=False), file=self.stdout)

    # --- talk --------------------------------------------------------------------------------------------

    def say(self, line: str = "") -> None:
        """Something good to know."""
        if not self.quiet:
            print(line, file=self.stderr)

    def detail(self, line: str) -> None:
        """Something that only the curious want to know (-v)."""
        if self.verbose:
            print(self.style(line, "dim"), file=self.stderr)

    def next(self, *commands: str) -> None:
        """Names the likely next command, with what it does after a colon: `newsletter check: …`."""
        for first, command in enumerate(commands):
            self.say(f"{'      ' if first else 'Next: '}{command}")

    def problems(self, problems: Iterable[Problem]) -> None:
        """Why something did not go as it should, one paragraph each; errors even with --quiet."""
        for problem in problems:
            if not (self.quiet and problem.level is Level.WARNING):
                print(self._problem(problem, self.stderr), file=self.stderr)

    def findings(self, problems: Iterable[Problem]) -> None:
        """Problems that somebody asked for: they are the result, and go to stdout."""
        for problem in problems:
            print(self._problem(problem, self.stdout), file=self.stdout)

    def _problem(self, problem: Problem, stream: TextIO) -> str:
        colour = "red" if problem.level is Level.ERROR else "yellow"
        place = self.place(problem.file)
        where = f"{place}:{problem.line}: " if place and problem.line else f"{place}: " if place else ""
        level = self._styled(stream, f"{problem.level}[{problem.code}]", "bold", colour)
        hint = "".join(f"\n    {line}" for line in problem.hint.splitlines())
        return (
            f"{self._styled(stream, where, 'bold')}{level} {problem.message}"
            f"{self._styled(stream, hint, 'dim')}"
        )

    def place(self, file: str) -> str:
        """A file of the publication as it is reached from here."""
        inside = self.folder / file
        return str(inside) if file and not Path(file).is_absolute() and inside.exists() else file

    def style(self, text: str, *styles: str) -> str:
        """`text` in colour, where stderr shows colours."""
        return self._styled(self.stderr, text, *styles)

    def style_result(self, text: str, *styles: str) -> str:
        """`text` in colour, where stdout shows colours."""
        return self._styled(self.stdout, text, *styles)

    def _styled(self, stream: TextIO, text: str, *styles: str) -> str:
        if not text or not self._colours[stream]:
            return text
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"

    # --- tables and progress -----------------------------------------------------------------------------

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows as a result, in columns."""
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            self.result(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            )

    def progress(self, label: str, total: int) -> Progress:
        """A display of how far a long piece of work is."""
        return Progress(self, label, total)


class Progress:
    """One line that changes, on a terminal; otherwise a line at every tenth of the work.

    Shows how much is done, how fast it goes and how long it will take. Silent with --quiet.
    """

    def __init__(
        self, output: Output, label: str, total: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._output = output
        self._label = label
        self._total = total
        self._now = now
        self._begun = now()
        self._first: int | None = None  # what was done before we began is not our speed
        self._drawn = -1.0
        self._tenth = 0
        self._live = output.stderr.isatty() and not output.quiet

    def update(self, done: int, note: str = "") -> None:
        """Shows that `done` of the total are done; `note` says what else is worth a word ("3 deferred")."""
        if self._first is None:
            self._first = done
        if self._live:
            now = self._now()
            if now - self._drawn >= 0.1 or done >= self._total:
                self._drawn = now
                self._draw(done, note)
            return
        tenth = 10 * done // self._total if self._total else 10
        if tenth > self._tenth:
            self._tenth = tenth
            self._output.say(self._words(done, note))

    def finish(self) -> None:
        """Takes the changing line away, so that what follows begins on a line of its own."""
        if self._live and self._drawn >= 0:
            print("\r\x1b[K", end="", file=self._output.stderr, flush=True)

    def _draw(self, done: int, note: str) -> None:
        words = self._words(done, note)
        room = shutil.get_terminal_size().columns - 1
        size = min(30, room - len(words) - 2)
        if size >= 8:
            filled = size * done // self._total if self._total else size
            full, empty = ("█", "░") if "utf" in (self._output.stderr.encoding or "").lower() else ("#", ".")
            words = f"{full * filled}{empty * (size - filled)}  {words}"
        print(f"\r{words[:room]}\x1b[K", end="", file=self._output.stderr, flush=True)

    def _words(self, done: int, note: str) -> str:
        share = 100 * done // self._total if self._total else 100
        parts = [f"{self._label} {done:,} of {self._total:,} ({share} %)"]
        fresh, seconds = done - (self._first or 0), self._now() - self._begun
        if fresh > 0 and seconds >= 0.5:
            rate = fresh / seconds
            parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s")
            if done < self._total:
                parts.append(f"{clock_time((self._total - done) / rate)} left")
        return ", ".join([*parts, *([note] if note else [])])


def clock_time(seconds: float) -> str:
    """A length of time as people read it: 0:42, 12:05, 3:20:00."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def size_text(count: int) -> str:
    """A number of bytes as people read it: 812 B, 41.3 kB."""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 issue, 2,000 issues."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def standard_output(environ: Mapping[str, str]) -> Output:
    """The output of this process."""
    return Output(sys.stdout, sys.stderr, environ)
