import json
import os
import re
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.cli.running import Run


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# --- init and new ----------------------------------------------------------------------------------------


def test_init_says_what_is_next(run: Run, tmp_path: Path) -> None:
    ran = run("init", "letter")

    assert (ran.code, ran.out) == (0, "A new publication is in letter.\n")
    assert ran.err.endswith("Next: newsletter -C letter check\n")
    assert (tmp_path / "letter/newsletter.toml").exists()


def test_init_here_needs_no_folder_in_what_is_next(run: Run) -> None:
    assert run("init", ".").err.endswith("Next: newsletter check\n")


def test_init_for_programs_and_for_the_curious(run: Run) -> None:
    (made,) = lines(run("init", "a", "--json").out)

    assert made["folder"] == "a"
    assert "newsletter.toml" in str(made["files"])
    assert "b/newsletter.toml" in run("-v", "init", "b").err
    assert run("-q", "init", "c").err == ""
    assert run("-C", "c", "init", "d").out == "A new publication is in c/d.\n"


def test_new_names_the_file_and_the_check(run: Run, publication: Path) -> None:
    ran = run("new", "Über", "Knie", "--date", "2026-12-01")

    assert (ran.code, ran.out) == (0, "issues/2026-12-01-uber-knie.md\n")
    assert ran.err.endswith("Next: newsletter check uber-knie\n")
    assert run("--json", "new", "x", "--slug", "y", "--date", "2026-12-02").out == (
        '{"issue": "y", "file": "issues/2026-12-02-y.md"}\n'
    )


def test_a_new_issue_can_be_checked_and_built_at_once(run: Run, publication: Path) -> None:
    assert run("new", "Something").code == 0
    assert run("check", "something").code == 0
    assert run("build", "something").code == 0


# --- check -----------------------------------------------------------------------------------------------


def test_the_sample_is_in_order(run: Run, publication: Path) -> None:
    ran = run("check")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "1 issue checked: nothing to mend.\nNext: newsletter build welcome\n"


def spoil(publication: Path, old: str, new: str) -> None:
    (issue,) = (publication / "issues").glob("*-welcome.md")
    text = issue.read_text()
    assert old in text
    issue.write_text(text.replace(old, new))


def test_problems_are_the_result_of_a_check(run: Run, publication: Path) -> None:
    spoil(publication, "{{ first_name", "{{ frist_name")
    spoil(publication, "preheader:", "# preheader:")
    ran = run("check")

    assert ran.code == 1
    assert re.search(r"^issues/\S+-welcome.md:9: error\[unknown-merge-field\] ", ran.out, re.MULTILINE)
    assert "warning[missing-preheader]" in ran.out
    assert ran.err.startswith("1 issue checked: 1 error, 1 warning.\n")


def test_a_check_from_elsewhere_names_files_as_they_are_reached(
    run: Run, publication: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(publication, "{{ first_name", "{{ frist_name")
    monkeypatch.chdir(tmp_path)
    ran = run("-C", "letter", "check")

    assert ran.out.startswith("letter/issues/")
    assert "Next: newsletter -C letter check" in ran.err


def test_a_check_for_programs(run: Run, publication: Path) -> None:
    assert run("check", "--json").out == "[]\n"
    spoil(publication, "{{ first_name", "{{ frist_name")
    ran = run("--json", "check", "welcome")
    (problem,) = json.loads(ran.out)

    assert ran.code == 1
    assert set(problem) == {"code", "level", "file", "line", "message", "hint"}
    assert (problem["code"], problem["level"], problem["line"]) == ("unknown-merge-field", "error", 9)
    assert problem["file"].startswith("issues/")


def test_a_check_for_programs_tells_of_broken_settings_as_well(run: Run, publication: Path) -> None:
    (publication / "newsletter.toml").write_text("[publication]\ntitle = 1\n")
    ran = run("check", "--json")

    assert ran.code == 3
    assert [problem["code"] for problem in json.loads(ran.out)] == ["missing-key", "missing-key", "bad-value"]
    assert run("check").code == 3


def test_a_check_finds_what_keeps_an_issue_from_being_compiled(run: Run, publication: Path) -> None:
    (publication / "templates/email").mkdir()
    (publication / "templates/email/masthead.mjml.j2").write_text("{{ nothing.there }}")
    ran = run("check")

    assert ran.code == 1
    assert "templates/email/masthead.mjml.j2:1: error[" in ran.out


def test_a_publication_without_issues(run: Run, publication: Path) -> None:
    for issue in (publication / "issues").glob("*.md"):
        issue.unlink()

    assert run("check").err == '0 issues checked: nothing to mend.\nNext: newsletter new "TITLE"\n'
    assert run("build").code == 1
    assert "There is no issue yet." in run("build").err
    assert 'newsletter new "TITLE"' in run("build", "x").err
    assert run("archive").code == 0


# --- build -----------------------------------------------------------------------------------------------


def test_build_writes_what_readers_get(run: Run, publication: Path) -> None:
    ran = run("build")
    built = publication / "build/welcome"

    assert ran.code == 0
    assert ran.out.startswith("A first issue\nEdition ")
    assert re.search(
        r"  free    \d+\.\d kB of 102\.4 kB HTML \(\d+ %\)  \d\.\d kB text  free/email\.html", ran.out
    )
    assert ran.err == "The newest issue is welcome.\nNext: newsletter send welcome --dry-run\n"
    for name in ("email.html", "email.txt", "message.eml"):
        assert (built / name).read_bytes() == (built / "free" / name).read_bytes()
        assert (built / "member" / name).exists()
    message = message_from_bytes((built / "message.eml").read_bytes())
    assert message["To"] == "Robin Reader <robin.reader@example.org>"
    assert "Hello Robin" in (built / "email.txt").read_text()
    assert "For members" in (built / "member/email.txt").read_text()
    assert "For members" not in (built / "free/email.txt").read_text()
    assert not (publication / "subscribers/newsletter.db").exists()


def test_building_twice_gives_the_same_bytes(run: Run, publication: Path) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (publication / "build").rglob("*") if path.is_file()}

    first = run("build", "--json").out
    before = files()

    assert run("build", "--json").out == first
    assert files() == before
    (data,) = lines(first)
    assert data["issue"] == "welcome"
    assert set(data["tiers"]) == {"free", "member"}  # type: ignore[call-overload] # JSON has no types


@pytest.mark.parametrize(
    "name",
    ["welcome", "DATE-welcome", "DATE-welcome.md", "issues/DATE-welcome.md", "./issues/DATE-welcome.md"],
)
def test_an_issue_can_be_named_in_many_ways(run: Run, publication: Path, name: str) -> None:
    (issue,) = (publication / "issues").glob("*-welcome.md")

    assert run("build", name.replace("DATE", issue.name[:10])).code == 0


def test_an_issue_in_a_folder_can_be_named_by_it(run: Run, publication: Path) -> None:
    (issue,) = (publication / "issues").glob("*-welcome.md")
    folder = issue.with_name("2026-11-30-folder")
    folder.mkdir()
    issue.rename(folder / "index.md")

    for name in (
        "folder",
        "2026-11-30-folder",
        "issues/2026-11-30-folder",
        "issues/2026-11-30-folder/index.md",
    ):
        assert run("build", name).code == 0


def test_archived_issues_are_not_the_newest(run: Run, publication: Path) -> None:
    run("new", "Old news", "--date", "2030-01-01")
    issue = publication / "issues/2030-01-01-old-news.md"
    issue.write_text(issue.read_text().replace("draft", "archived"))

    assert "The newest issue is welcome." in run("build").err


def test_a_build_of_nearly_all_that_gmail_shows_is_told_of(run: Run, publication: Path) -> None:
    spoil(
        publication,
        "## For members",
        "Ever the same.\n\n" + "Pain has reasons, some of them good. " * 2300 + "\n\n## For members",
    )
    ran = run("build")

    assert ran.code == 0
    assert "The mail for member readers is nearly as large as Gmail shows." in ran.err


# --- archive ---------------------------------------------------------------------------------------------


def test_the_archive_holds_what_is_public(run: Run, publication: Path) -> None:
    run("new", "A draft")
    ran = run("archive")
    site = publication / "public"

    assert ran.code == 0
    assert re.fullmatch(r"1 issue in public/: \d+ files written, 0 unchanged, 0 removed.\n", ran.out)
    assert "Left out: 1 draft." in ran.err
    assert ran.err.endswith("Next: open public/index.html in a browser\n")
    assert (site / "welcome/index.html").exists()
    for path in site.rglob("*"):
        if path.is_file():
            assert b"finds this part in the mail" not in path.read_bytes()
            assert b"a-draft" not in path.read_bytes()


def test_the_archive_touches_only_what_changed(run: Run, publication: Path) -> None:
    run("archive")
    (site,) = lines(run("archive", "--json").out)

    assert (site["written"], site["removed"], site["issues"], site["drafts"]) == (0, 0, 1, 0)
    (publication / "public/mine.txt").write_text("mine")
    assert "Not ours, left alone: public/mine.txt" in run("archive", "-v").err


def test_pictures_stand_beside_their_pages(run: Run, publication: Path) -> None:
    from PIL import Image

    (publication / "issues/fine").mkdir()
    Image.new("RGB", (40, 30)).save(publication / "issues/fine/red.png")
    spoil(publication, ":::aside", '![A red field](./fine/red.png "Red.")\n\n:::aside')

    assert run("check").code == 0
    assert run("archive").code == 0
    assert (publication / "public/welcome/red.png").exists()
    page = (publication / "public/welcome/index.html").read_text()
    assert 'src="red.png"' in page


def test_two_pictures_of_one_name_are_refused(run: Run, publication: Path) -> None:
    from PIL import Image

    for folder in ("a", "b"):
        (publication / "issues" / folder).mkdir()
        Image.new("RGB", (40, 30)).save(publication / "issues" / folder / "red.png")
    pictures = '![A red field](a/red.png "Red.")\n\n![Another red field](b/red.png "Red.")\n\n:::aside'
    spoil(publication, ":::aside", pictures)

    assert "error[same-file]" in run("archive").err


# --- subscribers -----------------------------------------------------------------------------------------


def test_readers_are_taken_in_and_listed(run: Run, publication: Path) -> None:
    ran = run("subscribers", "import", "subscribers/sample.csv")

    assert (ran.code, ran.out) == (0, "subscribers/sample.csv: 3 rows: 3 new.\n")
    assert "Next: newsletter subscribers list" in ran.err
    again = run("subscribers", "import", "subscribers/sample.csv", "--json")
    (counts,) = lines(again.out)
    assert (counts["rows"], counts["new"], counts["unchanged"], counts["left_out"]) == (3, 0, 3, [])
    listed = run("subscribers", "list")
    assert [line.split()[:3] for line in listed.out.splitlines()] == [
        ["ada@example.org", "member", "active"],
        ["bjorn@example.org", "free", "active"],
        ["chen@example.org", "free", "active"],
    ]
    assert listed.err.startswith("3 readers.\n")


def test_a_list_for_programs_is_one_object_a_line(run: Run, publication: Path) -> None:
    run("subscribers", "import", "subscribers/sample.csv")
    found = lines(run("subscribers", "list", "--tier", "free", "--tag", "friends", "--json").out)

    assert [(one["email"], one["first_name"], one["tags"]) for one in found] == [
        ("chen@example.org", "Chen", ["friends"])
    ]
    assert run("--json", "subscribers", "list", "--status", "paused").out == ""


def test_an_empty_list_says_how_to_fill_it(run: Run, publication: Path) -> None:
    ran = run("subscribers", "list")

    assert ran.out == ""
    assert ran.err.startswith("0 readers.\nNext: newsletter subscribers add ADDRESS\n")


def test_a_dry_run_tells_row_by_row_and_writes_nothing(run: Run, publication: Path) -> None:
    (publication / "more.csv").write_text("email,tier\nada@example.org,gold\nnobody\nADA@example.org,\n")
    ran = run("subscribers", "import", "more.csv", "--dry-run")

    assert ran.code == 1
    assert ran.out.splitlines()[1:] == [
        "line 3: nobody: invalid (there is no @)",
        "line 4: ADA@example.org: duplicate (line 2 has the same address)",
        "more.csv: 3 rows: 1 new, 1 invalid, 1 duplicate. Nothing was written.",
    ]
    assert ran.out.startswith("line 2: ada@example.org: new (")
    assert run("subscribers", "list").out == ""
    (counts,) = lines(run("subscribers", "import", "more.csv", "--dry-run", "--json").out)
    assert (counts["dry_run"], counts["invalid"]) == (True, 1)


def test_what_was_not_understood_in_a_row_is_told(run: Run, publication: Path) -> None:
    (publication / "more.csv").write_text("email,tier\nada@example.org,gold\n")
    ran = run("subscribers", "import", "more.csv")
    assert ran.code == 0
    assert "more.csv:2: warning[row-remark] ada@example.org: the tier “gold” is not known" in ran.err
    again = run("subscribers", "import", "more.csv", "--json")
    assert json.loads(again.out)["remarks"][0]["line"] == 2


def test_a_list_of_those_who_left_lets_them_go(run: Run, publication: Path) -> None:
    assert run("subscribers", "add", "ada@example.org").code == 0
    (publication / "left.csv").write_text("email,status\nada@example.org,unsubscribed\n")
    assert "the list says unsubscribed" in run("subscribers", "import", "left.csv").err
    assert json.loads(run("subscribers", "list", "--json").out)["status"] == "unsubscribed"


def test_a_file_beside_the_settings_is_found_from_elsewhere(
    run: Run, publication: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run("-C", "letter", "subscribers", "import", "subscribers/sample.csv").code == 0
    assert run("-C", "letter", "subscribers", "import", "letter/subscribers/sample.csv").code == 0


def test_readers_may_come_through_a_pipe(publication: Path) -> None:
    command = [sys.executable, "-m", "newsletter", "subscribers", "import", "/dev/stdin"]
    ran = subprocess.run(
        command, input="email\nada@example.org\n", capture_output=True, text=True, timeout=60
    )

    assert (ran.returncode, ran.stdout) == (0, "/dev/stdin: 1 row: 1 new.\n")


def test_a_long_import_shows_how_far_it_is(run: Run, publication: Path) -> None:
    rows = "".join(f"reader{number}@example.org\n" for number in range(6000))
    (publication / "many.csv").write_text(f"email\n{rows}")

    assert "Importing 1,000 of 6,001 (16 %)" in run("subscribers", "import", "many.csv").err


def test_readers_are_added_one_by_one(run: Run, publication: Path) -> None:
    settings = publication / "newsletter.toml"
    settings.write_text(settings.read_text() + '\n[subscribers]\nfields = ["city"]\n')
    ran = run(
        "subscribers",
        "add",
        "Ann Bee <ann@Example.org>",
        "--tier",
        "member",
        "--tag",
        "a",
        "--tag",
        "b",
        "--first-name",
        "Ann",
        "--field",
        "city=Wien",
    )

    assert (ran.code, ran.out) == (0, "ann@example.org is on the list (member).\n")
    (found,) = lines(run("subscribers", "list", "--json").out)
    assert found["name"] == "Ann Bee"
    assert (found["tags"], found["fields"]) == (["a", "b"], {"city": "Wien"})
    assert run("subscribers", "add", "bo@example.org", "--field", "cty=Wien").err.startswith(
        f"newsletter.toml:{len(settings.read_text().splitlines())}: error[unknown-field]"
    )
    assert run("subscribers", "add", "bo@example.org", "--field", "city").code == 2
    assert json.loads(run("subscribers", "add", "bo@example.org", "--json").out)["email"] == "bo@example.org"


# --- and all of it together ------------------------------------------------------------------------------


def test_from_nothing_to_a_sent_issue(run: Run, publication: Path) -> None:
    for command in (
        ("check",),
        ("subscribers", "import", "subscribers/sample.csv"),
        ("build",),
        ("send", "welcome", "--confirm", "welcome"),
        ("status",),
        ("archive",),
    ):
        ran = run(*command)
        assert ran.code == 0, ran.err
        assert "Next: " in ran.err or command == ("status",)
    sent = [path.read_bytes() for path in (publication / "outbox/new").iterdir()]
    assert len(sent) == 3
    assert sum(b"For members" in message for message in sent) == 1


def test_status_needs_neither_markdown_nor_mjml(run: Run, publication: Path) -> None:
    run("subscribers", "import", "subscribers/sample.csv")
    run("send", "welcome", "--confirm", "welcome")
    code = (
        "import sys; from newsletter.cli import main; main(['status', 'welcome'])\n"
        "print(*(name for name in ('markdown_it', 'mjml', 'jinja2', 'PIL', 'pybtex') if name in sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ},
        check=True,
    )

    assert ran.stdout.splitlines()[-1] == ""
