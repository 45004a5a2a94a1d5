"""What `check` prints: for people, for programs and for code hosts; and the links that it follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import Run

BAD = "---\ntitle: A second issue\n---\n## One\n\n![](gone.png)\n\n[the machine](http://127.0.0.1/x)\n"


def write(publication: Path, text: str = BAD) -> None:
    (publication / "issues/2099-01-01-second.md").write_text(text)


def test_sarif_for_code_hosts(run: Run, publication: Path) -> None:
    write(publication)
    ran = run("check", "second", "--format", "sarif")
    assert ran.code == 1
    (log,) = json.loads(ran.out)["runs"]
    first = next(one for one in log["results"] if one["ruleId"] == "missing-picture")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "issues/2099-01-01-second.md"},
        "region": {"startLine": 6},
    }
    assert "1 issue checked: 2 errors, " in ran.err


def test_sarif_of_broken_settings(run: Run, publication: Path) -> None:
    (publication / "newsletter.toml").write_text("title = ")
    ran = run("check", "--format", "sarif")
    assert ran.code == 3
    (result,) = json.loads(ran.out)["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("toml-syntax", "error")


def test_files_are_named_as_they_are_reached(
    run: Run, publication: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(publication)
    monkeypatch.chdir(publication.parent)
    results = json.loads(run("-C", "letter", "check", "--format", "sarif").out)["runs"][0]["results"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results}
    assert uris == {"letter/issues/2099-01-01-second.md"}


def test_formats(run: Run, publication: Path) -> None:
    assert run("check", "--format", "json").out == run("check", "--json").out == "[]\n"
    assert run("check", "--format", "text").out == ""
    ran = run("check", "--json", "--format", "sarif")
    assert ran.code == 2
    assert "--json and --format sarif do not go together." in ran.err


def test_links_are_followed_when_asked_for(run: Run, publication: Path) -> None:
    write(publication)
    assert "dead-link" not in run("check", "second").out
    ran = run("check", "second", "--links")
    line = "issues/2099-01-01-second.md:8: error[dead-link] The link to http://127.0.0.1/x is dead: it leads "
    assert f"{line}into a private network." in ran.out
    assert "1 issue and 1 link checked: " in ran.err
    assert not (publication / ".cache").exists()  # only good answers are worth remembering


def test_a_rule_that_is_none(run: Run, publication: Path) -> None:
    settings = publication / "newsletter.toml"
    settings.write_text(f'{settings.read_text()}\n[checks]\nmising-alt = "off"\n')
    ran = run("check")
    assert ran.code == 3
    assert (
        "error[unknown-rule] There is no rule mising-alt that could be set.\n    Did you mean missing-alt?"
        in ran.err
    )
