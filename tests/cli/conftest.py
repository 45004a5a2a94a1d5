from pathlib import Path

import pytest

from newsletter.cli import main
from tests.cli.running import Ran, Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder, with nothing of the machine's in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "XDG_STATE_HOME", "_NEWSLETTER_COMPLETE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture
def publication(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new publication, in which commands are then run."""
    assert run("init", "letter").code == 0
    monkeypatch.chdir(tmp_path / "letter")
    return tmp_path / "letter"
