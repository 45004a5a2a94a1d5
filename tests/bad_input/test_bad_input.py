import os
import re
import shutil
from pathlib import Path

import pytest

from tests.bad_input.setting_up import Case, can_mount, cases, contents, lay_out, read_only, run, server

UPDATE = "NEWSLETTER_UPDATE_EXPECTED"


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_bad_input(folder: Path, tmp_path: Path) -> None:
    case = Case.read(folder)
    if case.room and not can_mount():
        pytest.skip("this system lets nobody mount a small disk")
    if case.read_only and os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write anywhere here")
    publication = tmp_path / "publication"
    with server(case.server) as port:
        lay_out(case, folder, publication, port)
        for command in case.before:
            first = run(command, publication)
            assert first.returncode == 0, first.stderr
        before = contents(publication, case.changes)
        with read_only(publication, case.read_only):
            ran = run(case.command, publication, case)
        after = contents(publication, case.changes)

    printed = scrubbed(ran.stdout + ran.stderr, tmp_path, port)
    expected = folder / "expected.txt"
    if os.environ.get(UPDATE):
        expected.write_text(printed, encoding="utf-8")
    assert printed == expected.read_text(encoding="utf-8")
    assert ran.returncode == case.exit
    assert "Traceback" not in printed
    assert after == before


def scrubbed(text: str, tmp_path: Path, port: int) -> str:
    """What is printed, without what differs from one run to the next."""
    if port:
        text = re.sub(rf"\b{port}\b", "PORT", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", text)  # follows from the theme, which may change
    return text.replace(str(tmp_path), "/home/ann")


def test_the_base_is_good(tmp_path: Path) -> None:
    """Otherwise the cases test something else than they say."""
    lay_out(Case("", [], 0), Path("/nonexistent"), tmp_path / "publication", 0)
    for command in (["check"], ["build"], ["subscribers", "import", "subscribers/readers.csv"]):
        ran = run(command, tmp_path / "publication")
        assert (ran.returncode, "warning" in ran.stdout + ran.stderr) == (0, False)
    ran = run(["send", "good", "--confirm", "good"], tmp_path / "publication")
    assert ran.returncode == 0, ran.stderr
