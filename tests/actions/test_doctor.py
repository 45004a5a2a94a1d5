"""The doctor visits publications in all states, with a real DNS, mail server and web server on loopback."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from newsletter.actions.create import create_publication
from newsletter.actions.dkim_key import MadeKey, make_key
from newsletter.actions.doctor import examine
from newsletter.actions.subscribers import add_subscriber
from newsletter.checking.diagnosis import Diagnosis
from newsletter.clock import SystemClock
from newsletter.publication import Publication
from tests.bad_input.setting_up import server
from tests.network.dns_server import Zone, name_server, txt
from tests.network.web_server import Page, WebServer, web_server

LOCAL = ("settings", "database", "backup", "templates", "issues", "dkim-key", "transport")
DNS = ("mail-domains", "spf", "dkim", "dmarc", "reverse-dns")
WEB = ("one-click", "clock")
GOOD: Zone = {
    "letter.test": {"MX": ["10 mail.letter.test."], **txt("v=spf1 mx -all")},
    "mail.letter.test": {"A": ["192.0.2.10"]},
    "_dmarc.letter.test": txt("v=DMARC1; p=reject; rua=mailto:d@letter.test"),
    ip_address("192.0.2.10").reverse_pointer: {"PTR": ["mail.letter.test."]},
}
SMTP = '[delivery]\ntransport = "smtp"\n[delivery.smtp]\nhost = "{host}"\n{more}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new publication of letter.test, through the outbox."""
    made = create_publication(tmp_path / "letter", date(2026, 11, 24)).folder
    write(made, "")
    return made


def write(folder: Path, more: str) -> None:
    (folder / "newsletter.toml").write_text(
        '[publication]\ntitle = "Letter"\nurl = "https://localhost:1/"\nfrom = "News <news@letter.test>"\n'
        f'postal_address = "1 Street"\n{more}'
    )


def visit(
    folder: Path,
    *,
    zone: Zone | None = None,
    leaving_from: tuple[str, ...] = (),
    clock: SystemClock | None = None,
    environ: dict[str, str] | None = None,
) -> dict[str, Diagnosis]:
    """What the doctor finds, by check; without a zone, offline."""
    publication = Publication.open(folder, environ=environ or {}, clock=clock or SystemClock())
    addresses = [ip_address(address) for address in leaving_from]
    try:
        if zone is None:
            found = list(examine(publication, offline=True))
        else:
            with name_server(zone) as names:
                found = list(examine(publication, name_server=names.address, leaving_from=addresses))
    finally:
        publication.close()
    assert len({diagnosis.check for diagnosis in found}) == len(found)
    return {diagnosis.check: diagnosis for diagnosis in found}


def grades(found: dict[str, Diagnosis], *checks: str) -> list[str]:
    return [str(found[check].grade) for check in checks]


def test_a_new_publication_offline(folder: Path) -> None:
    found = visit(folder)

    assert tuple(found) == (*LOCAL, *DNS, *WEB)
    assert grades(found, *LOCAL) == ["ok"] * 5 + ["skip", "ok"]
    assert grades(found, *DNS, *WEB) == ["skip"] * 7
    assert found["spf"].message == "Not looked at, because of --offline."
    assert not (folder / "subscribers" / "newsletter.db").exists()
    assert not (folder / "subscribers" / "secret.key").exists()


def test_an_example_is_not_looked_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = folder / "newsletter.toml"
    settings.write_text(
        settings.read_text()
        .replace("letter.test", "letter.example.org")
        .replace("localhost:1", "letter.example.org")
        + '[service]\nurl = "https://letters.example.org/"\n'
    )
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    monkeypatch.setattr("newsletter.network.web.ask", None)  # nobody is asked
    found = {diagnosis.check: diagnosis for diagnosis in examine(publication)}

    assert grades(found, *DNS, *WEB) == ["skip"] * 7
    assert found["spf"].message == "letter.example.org is an example, and belongs to nobody."


# --- on this machine -------------------------------------------------------------------------------------


def test_settings_that_are_unwise(folder: Path) -> None:
    settings = folder / "newsletter.toml"
    settings.write_text(settings.read_text().replace('postal_address = "1 Street"\n', ""))
    found = visit(folder)["settings"]

    assert found.grade == "warn"
    assert found.message == "newsletter.toml:1: The mail will hold no postal address."
    assert "set publication.postal_address" in found.mend


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("email/masthead.mjml.j2", "<mj-section>{{ nothing }}</mj-section>", "email/masthead.mjml.j2:1: "),
        ("web/own.html.j2", "\n{% if %}", "templates/web/own.html.j2:2: The template cannot be read: "),
        ("web/404.html.j2", "{{ nothing.at.all }}", "templates/web/404.html.j2:1: "),
        ("tokens.toml", "[light]\nacent = '#000000'\n", "tokens.toml:2: "),
    ],
)
def test_broken_templates(folder: Path, name: str, text: str, words: str) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    found = visit(folder)["templates"]

    assert found.grade == "fail"
    assert words in found.message


@pytest.mark.parametrize(("status", "grade"), [("ready", "fail"), ("draft", "warn")])
def test_errors_in_issues(folder: Path, status: str, grade: str) -> None:
    text = f"---\ntitle: An issue\nstatus: {status}\n---\n\n## One\n\nHi {{{{ shoe_size }}}} and [@nobody].\n"
    (folder / "issues" / "2026-12-01-next.md").write_text(text)
    found = visit(folder)["issues"]

    assert found.grade == grade
    assert found.message == "issues/2026-12-01-next.md has 2 errors."


def test_an_issue_that_cannot_be_read(folder: Path) -> None:
    (folder / "issues" / "2026-12-01-next.md").write_text("no front matter\n")

    assert visit(folder)["issues"].grade == "fail"


def test_no_issue_yet(folder: Path) -> None:
    for path in (folder / "issues").glob("*.md"):
        path.unlink()

    assert visit(folder)["issues"].message == "There is no issue yet."


@pytest.fixture
def with_reader(folder: Path) -> Path:
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    add_subscriber(publication, "ann@example.org", source="test")
    publication.close()
    return folder


def test_a_sound_database_without_a_copy(with_reader: Path) -> None:
    found = visit(with_reader)

    assert found["database"].message == "The database is sound; 1 person is in it."
    assert found["backup"].grade == "warn"
    assert found["backup"].message == "There is no copy of the database in subscribers/backups/."


class _Later(SystemClock):
    def __init__(self, days: int) -> None:
        self.days = days

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)


@pytest.mark.parametrize(("days", "grade"), [(0, "ok"), (6, "ok"), (8, "warn")])
def test_the_age_of_the_newest_copy(with_reader: Path, days: int, grade: str) -> None:
    copies = with_reader / "subscribers" / "backups"
    copies.mkdir()
    for name, age in (("old", 30), ("new", 0)):
        (copies / f"{name}.db").touch()
        moment = (datetime.now(UTC) - timedelta(days=age)).timestamp()
        os.utime(copies / f"{name}.db", (moment, moment))
    found = visit(with_reader, clock=_Later(days))["backup"]

    assert found.grade == grade
    if grade == "warn":
        assert found.message == "The newest copy of the database is 8 days old."


def test_a_damaged_database(with_reader: Path) -> None:
    path = with_reader / "subscribers" / "newsletter.db"
    raw = bytearray(path.read_bytes())
    raw[4096 * 2 :] = b"\xff" * (len(raw) - 4096 * 2)
    path.write_bytes(raw)

    assert visit(with_reader)["database"].grade == "fail"


def test_rows_that_belong_to_nothing(with_reader: Path) -> None:
    with sqlite3.connect(with_reader / "subscribers" / "newsletter.db") as raw:
        raw.execute("INSERT INTO subscriber_tags (subscriber_id, tag_id) VALUES (99, 99)")
    raw.close()
    found = visit(with_reader)["database"]

    assert found.grade == "fail"
    assert "a row of subscriber_tags belongs to one of subscribers that is not there" in found.message


def test_the_secret_key_of_another_database(with_reader: Path) -> None:
    (with_reader / "subscribers" / "secret.key").write_bytes(b"k" * 32)
    found = visit(with_reader)["database"]

    assert found.grade == "fail"
    assert "not the one that this database was used with" in found.message


def test_a_secret_key_that_is_gone(with_reader: Path) -> None:
    (with_reader / "subscribers" / "secret.key").unlink()
    found = visit(with_reader)["database"]

    assert found.grade == "fail"
    assert found.message.startswith("There is no subscribers/secret.key")


def test_a_dkim_key_that_is_not_there(folder: Path) -> None:
    write(folder, '[delivery.dkim]\nselector = "news"\nkey = "file:gone.pem"\n')
    found = visit(folder, zone=GOOD)

    assert grades(found, "dkim-key", "dkim") == ["fail", "skip"]


# --- the mail server -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words"), [("refuses-login", "does not accept our user name"), ("nobody", "nobody listens")]
)
def test_a_mail_server_that_does_not_let_us_in(folder: Path, kind: str, words: str) -> None:
    with server(kind) as port:
        more = f'port = {port}\nsecurity = "none"\nusername = "ann"\npassword = "env:PASSWORD"'
        write(folder, SMTP.format(host="127.0.0.1", more=more))
        found = visit(folder, zone=GOOD, environ={"PASSWORD": "wrong"})

    assert found["transport"].grade == "fail"
    assert words in found["transport"].message
    assert found["reverse-dns"].message.startswith("Mail leaves from this machine")


def test_a_mail_server_that_lets_us_in(folder: Path) -> None:
    import subprocess

    command = [sys.executable, "-m", "newsletter.transports.sink", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        write(folder, SMTP.format(host="localhost", more=f'port = {port}\nsecurity = "none"'))
        found = visit(folder, zone=GOOD)["transport"]
        sink.terminate()

    assert (found.grade, found.message) == ("ok", f"localhost:{port} lets us in.")


def test_a_mail_server_is_not_asked_offline(folder: Path) -> None:
    write(folder, SMTP.format(host="mail.letter.test", more=""))

    assert visit(folder)["transport"].grade == "skip"


# --- the DNS ---------------------------------------------------------------------------------------------


@contextmanager
def signing(folder: Path, more: str = "") -> Iterator[MadeKey]:
    made = make_key(Publication.open(folder, environ={}, clock=SystemClock()))
    write(folder, f"{more}{made.settings}\n")
    yield made


def test_a_house_in_order(folder: Path) -> None:
    with signing(folder) as made:
        found = visit(folder, zone={**GOOD, made.name: txt(made.record)}, leaving_from=("192.0.2.10",))

    assert grades(found, *DNS) == ["ok"] * 5
    assert found["dkim-key"].message == "The mail is signed for letter.test (RSA)."


def test_a_house_without_anything(folder: Path) -> None:
    with signing(folder):
        found = visit(folder, zone={"x.test": {"A": ["192.0.2.1"]}}, leaving_from=("192.0.2.10",))

    assert grades(found, *DNS) == ["fail"] * 5


def test_a_server_of_our_own_is_where_mail_leaves_from_most_likely(folder: Path) -> None:
    write(folder, SMTP.format(host="mail.letter.test", more="timeout = 1"))
    zone = {**GOOD, ip_address("192.0.2.10").reverse_pointer: {"PTR": ["other.test."]}}
    zone["letter.test"] = {**GOOD["letter.test"], **txt("v=spf1 ip4:192.0.2.99 -all")}
    found = visit(folder, zone=zone)

    assert grades(found, "spf", "reverse-dns", "transport") == ["warn", "warn", "fail"]
    assert "does not let 192.0.2.10 send" in found["spf"].message


def test_a_server_of_somebody_else(folder: Path) -> None:
    write(folder, SMTP.format(host="smtp.mailer.test", more="timeout = 1"))
    found = visit(folder, zone=GOOD)

    assert found["reverse-dns"].message == "Mail leaves through smtp.mailer.test, whose business this is."
    assert grades(found, "dkim-key", "dkim", "dmarc") == ["skip", "skip", "ok"]


def test_providers_sign_themselves(folder: Path) -> None:
    more = '[delivery]\ntransport = "postmark"\n[delivery.postmark]\ntoken = "env:TOKEN"\n'
    with signing(folder, more):
        found = visit(folder, zone=GOOD)

    assert grades(found, "dkim-key", "dkim", "dmarc") == ["warn", "skip", "ok"]
    assert found["dkim-key"].message == "postmark signs the mail itself: [delivery.dkim] is not used."
    assert found["reverse-dns"].message == "Mail leaves through postmark, whose business this is."
    assert found["transport"].grade == "fail"  # for want of the token


def test_sendmail_leaves_from_here_and_needs_no_network(folder: Path) -> None:
    program = folder / "sendmail"
    program.write_text("#!/bin/sh\ncat > /dev/null\n")
    program.chmod(0o755)
    command = f'command = "{program} {{recipient}}"'
    write(folder, f'[delivery]\ntransport = "sendmail"\n[delivery.sendmail]\n{command}\n')

    assert visit(folder)["transport"].message == "The program that takes the mail is there."
    assert "this machine" in visit(folder, zone=GOOD)["reverse-dns"].message


def test_each_address_of_the_publication_is_looked_at(folder: Path) -> None:
    settings = (folder / "newsletter.toml").read_text()
    (folder / "newsletter.toml").write_text(
        settings + 'reply_to = "me@home.test"\n[delivery]\nreturn_path = "b@bücher.test"\n'
    )
    found = visit(folder, zone=GOOD)

    assert "xn--bcher-kva.test (return_path)" in found["mail-domains"].message
    assert "home.test (reply_to)" in found["mail-domains"].message
    assert "xn--bcher-kva.test has no SPF record" in found["spf"].message
    assert found["dmarc"].grade == "warn"


def test_without_the_library_the_rest_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns.resolver", None)
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    found = {diagnosis.check: diagnosis for diagnosis in examine(publication, name_server="127.0.0.1:1")}

    assert found["dns"].grade == "warn"
    assert found["dns"].mend == "Install it: pip install 'newsletter[dns]'"
    assert grades(found, *DNS) == ["skip"] * 5
    assert found["transport"].grade == "ok"


# --- the web ---------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    return made


LEAVE = f"POST /unsubscribe/{'A' * 32}"


def visit_service(
    folder: Path, pages: dict[str, Page], authority: trustme.CA
) -> tuple[dict[str, Diagnosis], WebServer]:
    with web_server(pages, authority) as web:
        write(folder, f'[service]\nurl = "{web.url}"\n')
        return visit(folder, zone=GOOD), web


def test_l2_the_one_click_address_is_asked_as_a_mail_program_would(
    folder: Path, authority: trustme.CA
) -> None:
    found, web = visit_service(folder, {LEAVE: Page(200)}, authority)

    assert grades(found, *WEB) == ["ok", "ok"]
    assert web.asked == [("POST", f"/unsubscribe/{'A' * 32}", "List-Unsubscribe=One-Click")]


def test_a_service_that_knows_its_tokens(folder: Path, authority: trustme.CA) -> None:
    found, web = visit_service(folder, {"GET /healthz": Page(200)}, authority)

    assert found["one-click"].grade == "ok"
    assert [path for _, path, _ in web.asked] == [f"/unsubscribe/{'A' * 32}", "/healthz"]


@pytest.mark.parametrize(
    ("page", "grade"),
    [(Page(404), "warn"), (Page(301, "https://elsewhere.test/"), "fail"), (Page(500), "fail")],
)
def test_a_service_that_mail_programs_cannot_use(
    folder: Path, authority: trustme.CA, page: Page, grade: str
) -> None:
    assert visit_service(folder, {LEAVE: page}, authority)[0]["one-click"].grade == grade


def test_a_clock_that_is_wrong(folder: Path, authority: trustme.CA) -> None:
    wrong = Page(200, date="Tue, 01 Jan 2019 08:00:00 GMT")
    found, _ = visit_service(folder, {LEAVE: wrong}, authority)

    assert found["clock"].grade == "fail"
    assert "ahead of the one at https://localhost:" in found["clock"].message


def test_without_a_service_the_archive_tells_the_time(folder: Path, authority: trustme.CA) -> None:
    with web_server({"HEAD /": Page(200)}, authority) as web:
        settings = folder / "newsletter.toml"
        settings.write_text(settings.read_text().replace("https://localhost:1/", web.url))
        found = visit(folder, zone=GOOD)

    assert grades(found, *WEB) == ["skip", "ok"]
    assert web.asked == [("HEAD", "/", "")]


def test_nobody_tells_the_time(folder: Path) -> None:
    assert visit(folder, zone=GOOD)["clock"].message == "No server told its time."
