"""Layouts compiled here and by the official compiler: the same tags in the same order, styles and all.

What the official compiler (npm mjml 5.4.1) made of each layout is kept beside it as its structure (`*.npm`).
Where ours differs, `*.differences` says how. To compare with the compiler itself, have Node and

    npm install --prefix FOLDER mjml@5.4.1
    MJML_FOLDER=FOLDER .venv/bin/pytest tests/rendering/test_mjml_golden.py

and with GOLDEN=write as well, the files are written anew; look at the difference before committing it.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from newsletter.rendering.mjml import compile_mjml
from tests.rendering.mjml_structure import structure

FOLDER = Path(__file__).parent / "golden_mjml"
LAYOUTS = sorted(FOLDER.glob("*.mjml"))
NODE = shutil.which("node")
PACKAGES = os.environ.get("MJML_FOLDER", "")
SCRIPT = """
const mjml = require("mjml").default ?? require("mjml");
let text = "";
process.stdin.on("data", (chunk) => (text += chunk)).on("end", async () => {
  const made = [];
  for (const layout of JSON.parse(text)) {
    made.push((await mjml(layout, { validationLevel: "strict", fonts: {} })).html);
  }
  process.stdout.write(JSON.stringify(made));
});
"""


@cache
def official() -> dict[Path, list[str]]:
    """The structure of every layout as the official compiler makes it now."""
    assert NODE
    done = subprocess.run(
        [NODE, "-e", SCRIPT],
        input=json.dumps([layout.read_text(encoding="utf-8") for layout in LAYOUTS]),
        cwd=PACKAGES,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return dict(zip(LAYOUTS, map(structure, json.loads(done.stdout)), strict=True))


def ours(layout: Path) -> list[str]:
    return structure(compile_mjml(layout.read_text(encoding="utf-8"), file=layout.name))


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def differences(npm: list[str], here: list[str]) -> list[str]:
    # on the outermost element, npm repeats word-spacing, which the body has already
    npm = [
        line.replace(";word-spacing:normal", "").replace(' style="word-spacing:normal"', "")
        if line.startswith("<div")
        else line
        for line in npm
    ]
    compared = difflib.unified_diff(npm, here, n=0, lineterm="")
    return [line for line in compared if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.stem)
def test_structure(layout: Path) -> None:
    kept = layout.with_suffix(".npm")
    known = layout.with_suffix(".differences")
    if os.environ.get("GOLDEN") == "write":
        kept.write_text("\n".join(official()[layout]) + "\n", encoding="utf-8")
        found = differences(lines(kept), ours(layout))
        known.unlink(missing_ok=True)
        if found:
            known.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert differences(lines(kept), ours(layout)) == lines(known)


@pytest.mark.skipif(
    not NODE or not PACKAGES, reason="needs Node, and MJML_FOLDER where npm mjml is installed"
)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.stem)
def test_kept_structure_is_what_the_official_compiler_makes(layout: Path) -> None:
    assert official()[layout] == lines(layout.with_suffix(".npm"))


def test_there_are_layouts() -> None:
    assert len(LAYOUTS) >= 20
    assert {path.suffix for path in FOLDER.iterdir()} == {".mjml", ".npm", ".differences"}
