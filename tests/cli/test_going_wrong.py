import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import newsletter.cli.new
from newsletter.cli import table
from newsletter.errors import NewsletterError
from tests.cli.running import Run


def broken(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `newsletter new` fail in a way that nobody foresaw."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("newsletter.actions.create.create_issue", fail)


def test_a_bug_is_one_calm_line_and_a_log(
    run: Run, publication: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken(LookupError("no such thing"), monkeypatch)
    ran = run("new", "ann@example.org")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[bug] This should not have happened (LookupError).")
    assert "Traceback" not in ran.err
    (log,) = (tmp_path / "home/.local/state/newsletter").iterdir()
    assert str(log) in ran.err
    text = log.read_text()
    assert "Traceback" in text
    assert "no such thing" in text
    assert "newsletter new (address)" in text
    assert log.stat().st_mode & 0o777 == 0o600
    assert not list(publication.rglob("*.log"))


def test_a_log_that_cannot_be_written_at_home_goes_to_the_temporary_folder(
    run: Run, publication: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken(LookupError("no such thing"), monkeypatch)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))

    assert str(tmp_path / "elsewhere" / "crash-") in run("new", "x").err
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere" / "file"))
    (tmp_path / "nowhere").touch()
    assert "could not be written anywhere" in run("new", "x").err


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OSError(28, "No space left on device"), "Make room"),
        (PermissionError(13, "Permission denied"), "whether you may write"),
        (FileNotFoundError(2, "No such file"), "Look at the file"),
        (OSError("something odd"), "Look at the file"),
    ],
)
def test_what_the_system_says_is_passed_on(
    run: Run, publication: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, hint: str
) -> None:
    error.filename = "some/file"
    broken(error, monkeypatch)
    ran = run("new", "x")

    assert ran.code == 1
    assert ran.err.startswith("some/file: error[system] The system says: ")
    assert hint in ran.err


def test_an_interruption_is_no_crash(run: Run, publication: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(KeyboardInterrupt(), monkeypatch)
    ran = run("new", "x")

    assert (ran.code, ran.err) == (130, "\nInterrupted.\n")


def test_the_exit_codes_are_those_of_the_errors() -> None:
    def tree(cls: type[NewsletterError]) -> set[int]:
        return {cls.exit_code}.union(*map(tree, cls.__subclasses__()))

    assert tree(NewsletterError) <= {code for code, _ in table.EXIT_CODES}


def test_a_reader_of_the_output_may_leave_early(publication: Path) -> None:
    rows = "".join(f"reader{number}@example.org\n" for number in range(20_000))
    (publication / "many.csv").write_text(f"email\n{rows}")
    command = [sys.executable, "-m", "newsletter", "subscribers", "import", "many.csv", "--dry-run"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    said = running.stderr.read().decode()
    running.stderr.close()

    assert running.wait(60) == 141
    assert "Traceback" not in said
    assert "Broken" not in said


def test_ctrl_c_ends_with_130(publication: Path) -> None:
    fifo = publication / "endless.csv"
    os.mkfifo(fifo)
    command = [sys.executable, "-m", "newsletter", "subscribers", "import", "endless.csv"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with fifo.open("w") as feed:  # opens when the command reads
        feed.write("email\n")
        feed.flush()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)

    assert running.returncode == 130
    assert re.fullmatch(r"\nInterrupted\.\n", said)


def test_the_module_that_was_broken_is_the_one_used() -> None:
    """If `new` no longer calls create_issue, the tests above test nothing."""
    assert "create_issue" in Path(newsletter.cli.new.__file__).read_text()
