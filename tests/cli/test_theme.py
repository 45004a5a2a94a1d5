"""`newsletter theme`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.running import Run


def test_list(run: Run, publication: Path) -> None:
    (publication / "templates/README.md").unlink(missing_ok=True)
    ran = run("theme", "list")

    assert ran.code == 0
    first, *_ = ran.out.splitlines()
    assert first == "*  plain   A quiet letter: one column, one serif, hairlines between the nuggets."
    assert ran.err == "Next: newsletter theme export --only email/footer.mjml.j2: to start with one part\n"
    (publication / "templates").mkdir(exist_ok=True)
    (publication / "templates/tokens.toml").write_text("")
    (publication / "templates/logo.svg").write_text("")
    ran = run("theme", "list")
    assert ran.out.endswith("  templates/logo.svg\n  templates/tokens.toml, over the theme's\n")
    assert ran.err == "Next: newsletter theme check\n"
    told = json.loads(run("--json", "theme", "list").out)
    assert told["themes"][2] == {
        "name": "digest",
        "about": "A card for each nugget, its picture on top.",
        "used": False,
    }
    assert told["own"][1] == {"file": "templates/tokens.toml", "instead": True}


def test_export(run: Run, publication: Path) -> None:
    ran = run("-v", "theme", "export", "letter", "--only", "email/footer.mjml.j2")

    assert (ran.code, ran.out) == (0, "1 file of the theme letter in templates/\n")
    assert "  email/footer.mjml.j2\n" in ran.err
    assert ran.err.endswith("Next: newsletter theme check: when you have changed something\n")
    assert (publication / "templates/email/footer.mjml.j2").exists()
    again = run("theme", "export", "letter")
    assert again.code == 1
    assert "templates/email/footer.mjml.j2: error[exists]" in again.err
    assert json.loads(run("theme", "export", "--to", "copy", "--only", "web/own.css", "--json").out) == {
        "theme": "plain",
        "folder": "copy",
        "files": ["web/own.css"],
    }
    assert run("theme", "export", "digset").code == 3


def test_check(run: Run, publication: Path) -> None:
    ran = run("theme", "check")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "Theme checked: nothing to mend.\nNext: newsletter build\n"
    footer = publication / "templates/email/footer.mjml.j2"
    footer.parent.mkdir(parents=True, exist_ok=True)
    footer.write_text('<mj-text colour="#112233">{{ unsubscribe_url }}</mj-text>\n')
    (footer.parent / "foter.txt.j2").write_text("")
    ran = run("theme", "check")
    assert ran.code == 1
    assert "templates/email/footer.mjml.j2:1: error[mjml] <mj-text> has no attribute colour." in ran.out
    assert "templates/email/foter.txt.j2: warning[unused-template]" in ran.out
    assert ran.err.startswith("Theme checked: 1 error, 1 warning.\n")
    assert ran.err.endswith("Next: newsletter theme check: again, when mended\n")
    told = json.loads(run("theme", "check", "--json").out)
    assert {(each["code"], each["level"]) for each in told} == {
        ("mjml", "error"),
        ("unused-template", "warning"),
    }


def test_the_theme_of_a_publication(run: Run, publication: Path) -> None:
    settings = publication / "newsletter.toml"
    text = settings.read_text()
    settings.write_text(text.replace("[publication]\n", '[publication]\ntheme = "digset"\n'))
    ran = run("theme", "list")
    assert ran.code == 3
    assert 'Did you mean "digest"?' in ran.err
    settings.write_text(text.replace("[publication]\n", '[publication]\ntheme = "digest"\n'))
    assert run("build").code == 0
    assert run("archive").code == 0
    (mail,) = (publication / "build").glob("*/email.html")
    assert re.search(r'class="[^"]*\bsheet\b', mail.read_text())
    assert "Cards on the coloured ground" in (publication / "public/style.css").read_text()
