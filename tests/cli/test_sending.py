"""The commands around a mailing: send, status, pause, resume, cancel, resolve."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.running import Ran, Run

ISSUE = """---
title: A first letter
preheader: Forty characters at the very least, so that nothing leaks.
date: 2026-11-24
status: ready
---

Hello {{ first_name or "there" }}.

## Only nugget

A few words are enough to be a nugget here, and they are sent to whoever is on the list when the day comes.
More words follow, so that nobody calls it short, and then it ends.
"""


@pytest.fixture
def letter(run: Run, publication: Path) -> Path:
    """A publication with one ready issue, `first`, and five readers, one of whom has left."""
    for file in (publication / "issues").glob("*.md"):
        file.unlink()
    (publication / "issues" / "2026-11-24-first.md").write_text(ISSUE)
    rows = "".join(f"r{n}@example.org,{'member' if n == 4 else 'free'},active\n" for n in range(5))
    (publication / "list.csv").write_text(f"email,tier,status\n{rows}gone@example.org,free,unsubscribed\n")
    assert run("subscribers", "import", "list.csv").code == 0
    return publication


def data(ran: Ran) -> Any:
    return json.loads(ran.out)


def make(letter: Path, state: int, *numbers: int) -> None:
    """Puts deliveries into a state, as a killed sender leaves them."""
    with sqlite3.connect(letter / "subscribers" / "newsletter.db") as connection:
        for number in numbers:
            connection.execute(
                "UPDATE deliveries SET state = ?, attempt = 1 WHERE subscriber_id ="
                " (SELECT id FROM subscribers WHERE email = ?)",
                (state, f"r{number}@example.org"),
            )
    connection.close()


def test_a_dry_run_sends_nothing_and_names_the_digest(run: Run, letter: Path) -> None:
    ran = run("send", "first", "--dry-run")
    assert ran.code == 0
    assert "Would send 5 messages through outbox. Nothing was sent." in ran.out
    assert "to 5 readers (4 free, 1 member)" in ran.err
    assert "not to 1: unsubscribed" in ran.err
    assert "send first --confirm first@" in ran.err
    assert not list((letter / "outbox" / "new").glob("*"))
    assert data(run("--json", "send", "first", "--dry-run"))["would_send"] == 5


def test_send_names_the_option_where_nobody_can_be_asked(run: Run, letter: Path) -> None:
    ran = run("send", "first")
    assert ran.code == 1
    assert "--confirm first" in ran.err
    assert run("status").err.startswith("Nothing was sent yet.")


@pytest.mark.parametrize("word", ["second", "", "first@", "first@000000000000", "first@ab"])
def test_a_wrong_confirmation_sends_nothing(run: Run, letter: Path, word: str) -> None:
    assert run("send", "first", "--confirm", word).code == 1
    assert not list((letter / "outbox" / "new").glob("*"))


def test_send_sends_once_and_builds_the_site(run: Run, letter: Path) -> None:
    digest = data(run("build", "first", "--json"))["edition"]
    ran = run("send", "first", "--confirm", f"first@{digest[:12]}", "--json")
    assert ran.code == 0
    result = data(ran)
    assert result["edition"] == digest
    assert result["state"] == "sent"
    assert (result["planned"], result["accepted"], result["sent_now"], result["remaining"]) == (5, 5, 5, 0)
    assert result["messages_per_second"] > 0
    assert (letter / "public" / "first" / "index.html").exists()
    again = run("send", "first", "--json")
    assert again.code == 0
    assert data(again)["sent_now"] == 0
    assert len(list((letter / "outbox" / "new").iterdir())) == 5


def test_no_archive_builds_no_site(run: Run, letter: Path) -> None:
    assert run("send", "first", "--confirm", "first", "--no-archive").code == 0
    assert not (letter / "public").exists()


def test_a_site_that_cannot_be_built_takes_nothing_back(run: Run, letter: Path) -> None:
    (letter / "public").write_text("in the way")
    ran = run("send", "first", "--confirm", "first", "--json")
    assert ran.code == 1
    assert (data(ran)["accepted"], data(ran)["site_built"]) == (5, False)
    assert "only the site was not built" in ran.err


def test_a_limit_leaves_the_rest_for_the_next_run(run: Run, letter: Path) -> None:
    ran = run("send", "first", "--confirm", "first", "--limit", "2")
    assert ran.code == 0
    assert "first: unfinished. 2 of 5 deliveries accepted, 3 to go" in ran.out
    assert "resume first" in ran.err
    assert data(run("status", "first", "--json"))["remaining"] == 3
    assert data(run("resume", "first", "--json"))["accepted"] == 5


def test_an_edit_after_the_freeze_is_told_of_and_not_sent(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first", "--limit", "1")
    file = letter / "issues" / "2026-11-24-first.md"
    file.write_text(ISSUE.replace("A few words", "Other words"))
    ran = run("resume", "first")
    assert "edited after the edition was frozen" in ran.err
    assert all("A few words" in mail.read_text() for mail in (letter / "outbox" / "new").iterdir())
    file.write_text("broken")
    assert "cannot be compiled any more" in run("send", "first").err
    file.unlink()
    assert run("status", "first").code == 0


def test_drafts_and_archived_issues_are_not_sent(run: Run, letter: Path) -> None:
    file = letter / "issues" / "2026-11-24-first.md"
    for status in ("draft", "archived"):
        file.write_text(ISSUE.replace("status: ready", f"status: {status}"))
        ran = run("send", "first", "--confirm", "first")
        assert ran.code == 1
        assert f"2026-11-24-first.md:5: error[{status}]" in ran.err


def test_an_audience_that_does_not_exist_is_refused(run: Run, letter: Path) -> None:
    file = letter / "issues" / "2026-11-24-first.md"
    file.write_text(ISSUE.replace("status: ready", "status: ready\naudience: segment:locals"))
    ran = run("send", "first", "--confirm", "first")
    assert ran.code == 1
    assert "segment:locals" in ran.err


def test_members_only_mail_goes_to_members(run: Run, letter: Path) -> None:
    file = letter / "issues" / "2026-11-24-first.md"
    file.write_text(ISSUE.replace("status: ready", "status: ready\naudience: members"))
    ran = run("send", "first", "--confirm", "first", "--json")
    assert data(ran)["planned"] == 1
    assert "not to 4: not a member, and the issue is for members" in ran.err


def test_status_of_all_mailings(run: Run, letter: Path) -> None:
    assert run("status").err.startswith("Nothing was sent yet.")
    run("send", "first", "--confirm", "first")
    ran = run("status")
    assert ran.out.split()[:2] == ["first", "sent"]
    assert data(run("status", "--json"))["issue"] == "first"
    assert run("status", "--list", "accepted").code == 2
    assert run("status", "nothing").code == 1


def test_status_lists_the_deliveries_in_a_state(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first")
    lines = run("status", "first", "--list", "accepted").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [f"r{n}@example.org" for n in range(5)]
    row = json.loads(run("status", "first", "--list", "accepted", "--json").out.splitlines()[0])
    assert (row["address"], row["state"], row["attempt"]) == ("r0@example.org", "accepted", 1)
    assert "No delivery of first is refused" in run("status", "first", "--list", "refused").err


def test_a_pause_holds_until_resume(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first", "--limit", "1")
    assert run("pause", "first", "--reason", "a wrong link").code == 0
    refused = run("send", "first")
    assert refused.code == 1
    assert "is paused: a wrong link" in refused.err
    ran = run("status", "first")
    assert "first: paused (a wrong link)" in ran.out
    assert run("resume", "first").code == 0
    assert data(run("status", "first", "--json"))["state"] == "sent"


def test_cancel_wants_to_be_confirmed_and_is_final(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first", "--limit", "2")
    assert run("cancel", "first").code == 1
    ran = run("cancel", "first", "--confirm", "first", "--json")
    assert data(ran) == {"issue": "first", "state": "cancelled", "skipped": 3}
    for command in ("send", "resume"):
        assert run(command, "first").code in (0, 1)
    result = data(run("status", "first", "--json"))
    assert (result["accepted"], result["skipped"], result["state"]) == (2, 3, "cancelled")


def test_there_is_nothing_to_steer_before_the_first_send(run: Run, letter: Path) -> None:
    for command in (["resume", "first"], ["pause", "first"], ["resolve", "first", "--accepted"]):
        ran = run(*command)
        assert ran.code == 1, command
        assert "never sent" in ran.err


def test_doubt_is_listed_and_settled_by_name(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first")
    make(letter, 6, 1, 2, 3)
    assert run("send", "first").code == 4
    ran = run("status", "first", "--list", "doubtful")
    assert "resolve first --accepted" in ran.err
    assert run("resolve", "first").code == 2
    wrong = run("resolve", "first", "--accepted", "r1@example.org", "r4@example.org")
    assert wrong.code == 1
    assert "Not in doubt: r4@example.org. Nothing was settled." in wrong.err
    assert data(run("resolve", "first", "--accepted", "R1@example.org", "--json"))["doubtful"] == 2
    assert run("resolve", "first", "--resend").code == 0
    result = data(run("resume", "first", "--json"))
    assert (result["accepted"], result["doubtful"], result["sent_now"]) == (5, 0, 2)


def test_a_killed_sender_is_seen_and_resumed(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first", "--limit", "1")
    make(letter, 1, 2)
    make(letter, 2, 3)
    assert data(run("status", "first", "--json"))["state"] == "unfinished"
    result = data(run("resume", "first", "--json"))
    assert (result["accepted"], result["doubtful"]) == (5, 0)  # an outbox takes a message twice as once


def test_why_tells_the_story_of_one_reader(run: Run, letter: Path) -> None:
    assert run("why", "nobody@example.org").code == 1
    run("send", "first", "--confirm", "first", "--limit", "4")
    make(letter, 6, 1)
    run("subscribers", "add", "late@example.org")
    ran = run("why", "R1@example.org")
    assert ran.code == 0
    assert "r1@example.org: active, free" in ran.out
    assert "was taken in from a list" in ran.out
    assert "first: is in doubt: handed over, and no answer came" in ran.out
    assert "resolve first --accepted r1@example.org" in ran.err
    assert "first: is still to be sent" in run("why", "r4@example.org").out
    assert "first: not mailed, because it was planned on" in run("why", "late@example.org").out
    assert "not active when it was planned" in run("why", "gone@example.org").out
    run("resolve", "first", "--accepted")
    story = data(run("why", "r1@example.org", "--json"))
    assert story["campaigns"][0]["state"] == "accepted"
    assert "the publisher decided: accepted" in story["campaigns"][0]["notes"][0]["reply"]


def test_retry_makes_deferred_deliveries_due(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first")
    make(letter, 5, 1)
    make(letter, 4, 2)
    with sqlite3.connect(letter / "subscribers" / "newsletter.db") as connection:
        connection.execute("UPDATE deliveries SET retry_at = 9999999999999 WHERE state = 5")
    connection.close()
    assert run("resume", "first").code == 75
    assert data(run("retry", "first", "--json")) == {"issue": "first", "due": 1}
    assert run("resume", "first").code == 4
    assert data(run("retry", "first", "--refused", "--json"))["due"] == 1
    assert data(run("resume", "first", "--json"))["accepted"] == 5


def test_watching_ends_when_the_mailing_is_at_rest(run: Run, letter: Path) -> None:
    assert run("status", "--watch").code == 2
    run("send", "first", "--confirm", "first")
    assert "first: sent" in run("status", "first", "--watch").out


def test_newcomers_get_the_frozen_edition(run: Run, letter: Path) -> None:
    assert run("send", "first", "--newcomers", "--confirm", "first").code == 1
    run("send", "first", "--confirm", "first")
    run("subscribers", "add", "late@example.org")
    assert data(run("send", "first", "--json"))["sent_now"] == 0
    ran = run("send", "first", "--newcomers", "--json")
    assert "1 reader joined since it was planned." in ran.err
    assert (data(ran)["sent_now"], data(ran)["accepted"]) == (1, 6)


def test_a_correction_is_sent_to_those_who_got_the_mistake(run: Run, letter: Path) -> None:
    correction = ISSUE.replace("A first letter", "A correction").replace(
        "status: ready", "status: ready\ncorrects: first"
    )
    (letter / "issues" / "2026-11-25-correction.md").write_text(correction)
    assert run("send", "correction", "--to-readers-of", "first", "--confirm", "correction").code == 1
    run("send", "first", "--confirm", "first", "--limit", "2")
    ran = run("send", "correction", "--to-readers-of", "first", "--confirm", "correction", "--json")
    assert "not to 3: did not get first" in ran.err
    assert (data(ran)["planned"], data(ran)["accepted"]) == (2, 2)


def test_an_issue_for_nobody_is_not_frozen(run: Run, publication: Path) -> None:
    ran = run("send", "welcome", "--confirm", "welcome")
    assert ran.code == 1
    assert "error[no-readers]" in ran.err
    assert run("status").err.startswith("Nothing was sent yet.")


def test_a_dry_run_looks_at_the_digest_as_well(run: Run, letter: Path) -> None:
    assert run("send", "first", "--dry-run", "--confirm", "first@000000000000").code == 1


def test_the_frozen_edition_is_named_when_a_later_digest_is_given(run: Run, letter: Path) -> None:
    frozen = data(run("send", "first", "--confirm", "first", "--limit", "1", "--json"))["edition"]
    file = letter / "issues" / "2026-11-24-first.md"
    file.write_text(ISSUE.replace("A few words", "Other words"))
    later = data(run("build", "first", "--json"))["edition"]
    ran = run("send", "first", "--confirm", f"first@{later[:12]}")
    assert ran.code == 1
    assert f"--confirm first@{frozen[:12]}" in ran.err
    assert run("send", "first", "--confirm", f"first@{frozen[:12]}").code == 0


def test_a_finished_mailing_cannot_be_paused_or_cancelled(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first")
    for words in (["pause", "first"], ["cancel", "first", "--confirm", "first"]):
        ran = run(*words)
        assert ran.code == 1
        assert "error[finished]" in ran.err
    assert data(run("status", "first", "--json"))["state"] == "sent"


def test_doubt_is_settled_one_way_or_the_other(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first")
    assert run("resolve", "first", "--accepted", "--resend").code == 2


def test_skipped_deliveries_say_why(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first", "--limit", "2")
    run("cancel", "first", "--confirm", "first")
    lines = run("status", "first", "--list", "skipped").out.splitlines()
    assert len(lines) == 3
    assert all(line.endswith("the mailing was cancelled") for line in lines)


def test_readers_who_joined_since_are_named(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first")
    run("subscribers", "add", "late@example.org")
    assert "1 reader joined since it was planned: --newcomers" in run("send", "first").err


def test_resume_without_an_issue_goes_on_with_all_but_the_paused(run: Run, letter: Path) -> None:
    assert run("resume").err.startswith("No mailing is unfinished.")
    second = ISSUE.replace("A first letter", "A second letter")
    (letter / "issues" / "2026-11-25-second.md").write_text(second)
    for slug in ("first", "second"):
        run("send", slug, "--confirm", slug, "--limit", "1")
    run("pause", "second")
    assert run("resume").code == 0
    assert data(run("status", "first", "--json"))["state"] == "sent"
    assert data(run("status", "second", "--json"))["state"] == "paused"


def test_a_rehearsal_has_the_words_of_a_send(run: Run, letter: Path) -> None:
    result = data(run("send", "first", "--dry-run", "--json"))
    assert (result["campaign"], result["state"], result["planned"], result["remaining"]) == (
        None,
        "rehearsed",
        5,
        5,
    )
    run("send", "first", "--confirm", "first", "--limit", "2")
    result = data(run("send", "first", "--dry-run", "--json"))
    assert (result["accepted"], result["would_send"]) == (2, 3)


def test_commands_find_the_publication_above(run: Run, letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(letter / "issues")
    ran = run("check", "first")
    assert ran.code == 0
    assert "newsletter -C .. build first" in ran.err


def test_a_question_that_is_not_answered_sends_nothing(
    run: Run, letter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def aborted(*_words: object, **_options: object) -> str:
        raise click.Abort

    monkeypatch.setattr("click.prompt", aborted)
    ran = run("send", "first")
    assert ran.code == 130
    assert ran.err.endswith("Interrupted.\n")
    assert run("status").err.startswith("Nothing was sent yet.")


def test_a_lost_key_is_not_replaced(run: Run, letter: Path) -> None:
    run("send", "first", "--confirm", "first", "--limit", "1")
    (letter / "subscribers" / "secret.key").unlink()
    ran = run("send", "first")
    assert ran.code == 3
    assert "error[lost-key]" in ran.err
    assert not (letter / "subscribers" / "secret.key").exists()


def test_a_rehearsal_leaves_no_outbox(run: Run, letter: Path) -> None:
    assert run("send", "first", "--dry-run").code == 0
    assert not (letter / "outbox").exists()


def test_a_ready_issue_with_errors_is_not_published(run: Run, letter: Path) -> None:
    broken = ISSUE.replace("A first letter", "Broken").replace("first_name", "no_such_field")
    (letter / "issues" / "2026-11-25-broken.md").write_text(broken)
    ran = run("archive")
    assert ran.code == 1
    assert "2026-11-25-broken.md:8: error[unknown-merge-field]" in ran.err
    assert not (letter / "public").exists()
