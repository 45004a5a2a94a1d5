import pytest

from newsletter.config import Mailbox, Rate, Secret, Settings, read_settings
from newsletter.errors import ConfigurationError, Problem

LEAST = """\
[publication]
title = "Weekly"
url = "https://example.org/weekly"
from = "Ann Example <ann@Example.org>"
"""

MOST = """\
[publication]
title = "Weekly"
url = "https://example.org/weekly/"
from = "ann@example.org"
reply_to = "replies@example.org"
language = "pt-BR"
description = "All the news."
author = "Ann"
postal_address = \"\"\"
1 Street
Town\"\"\"
timezone = "America/Vancouver"
list_id = "weekly.lists.example.org"
[delivery]
transport = "smtp"
rate = "5000/h"
connections = 2
return_path = "bounces@example.org"
outbox.path = "out"
[delivery.smtp]
host = "smtp.example.org"
port = 2525
security = "starttls"
username = "ann"
password = "env:SMTP_PASSWORD"
hello = "mail.example.org"
ca_file = "ca.pem"
timeout = 5
[archive]
output = "site"
[service]
url = "https://letters.example.org"
[database]
url = "sqlite:///elsewhere.db"
[citations]
style = "vancouver"
[subscribers]
fields = ["city", "shoe_size"]
"""


def problems(text: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(text, "newsletter.toml")
    return list(caught.value.problems)


def problem(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def with_line(line: str, table: str = "publication") -> Settings:
    return read_settings(LEAST + f"[{table}]\n{line}\n" if table != "publication" else LEAST + line + "\n")


def problem_with(line: str, table: str = "publication") -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        with_line(line, table)
    (found,) = caught.value.problems
    return found


def test_defaults_are_filled_in() -> None:
    settings = read_settings(LEAST)

    publication, delivery = settings.publication, settings.delivery
    assert publication.url == "https://example.org/weekly/"
    assert (publication.from_name, publication.from_address) == ("Ann Example", "ann@example.org")
    assert publication.author == "Ann Example"
    assert publication.list_id == "weekly.example.org"
    assert publication.timezone == "UTC"
    assert delivery.transport == "outbox"
    assert delivery.rate is None
    assert delivery.return_path == "ann@example.org"
    assert delivery.outbox.path == "outbox"
    assert (delivery.smtp.port, delivery.smtp.hello) == (465, "example.org")
    assert settings.database.url == "sqlite:///subscribers/newsletter.db"


def test_everything_can_be_said() -> None:
    settings = read_settings(MOST)

    publication, delivery = settings.publication, settings.delivery
    assert publication.sender == Mailbox("", "ann@example.org")
    assert publication.from_name == "Weekly"
    assert publication.postal_address == "1 Street\nTown"
    assert publication.list_id == "weekly.lists.example.org"
    assert delivery.rate == Rate(5000, 3600)
    assert delivery.outbox.path == "out"
    assert delivery.smtp.password == Secret("env", "SMTP_PASSWORD")
    assert (delivery.smtp.port, delivery.smtp.hello) == (2525, "mail.example.org")
    assert settings.service.url == "https://letters.example.org/"
    assert settings.subscribers.fields == ("city", "shoe_size")
    assert settings.citations.style == "vancouver"


def test_lines_are_kept_for_later() -> None:
    settings = read_settings(MOST)

    assert MOST.splitlines()[settings.line("delivery.smtp.password") - 1].startswith("password")
    assert settings.line("nothing", "archive.output") == settings.line("archive.output") > 0
    assert settings.line("nothing") == 0


def test_all_mistakes_are_found_at_once_in_the_order_of_their_lines() -> None:
    found = problems(
        """\
colour = "red"
[publication]
titel = "Weekly"
url = "http://example.org"
from = "nobody"
[delivry]
rate = "fast"
[delivery.smtp]
port = "465"
"""
    )

    assert [(one.line, one.code) for one in found] == [
        (1, "unknown-key"),
        (3, "unknown-key"),
        (4, "bad-value"),
        (5, "bad-value"),
        (6, "unknown-table"),
        (9, "bad-value"),
    ]
    assert all(one.file == "newsletter.toml" for one in found)
    assert found[1].hint == "Did you mean title?"
    assert found[4].hint == "Did you mean delivery?"


def test_a_key_under_the_wrong_table_is_told_the_right_one() -> None:
    hint = "security belongs under [delivery.smtp] or [delivery.smtp.servers.NAME]."
    assert problem_with('security = "tls"').hint == hint


def test_a_key_like_no_other_is_told_what_there_is() -> None:
    assert problem_with('zzz = "1"', "archive").hint == "Known here: output."


def test_an_empty_file_lacks_a_publication() -> None:
    found = problem("")

    assert (found.code, found.line) == ("missing-table", 0)
    assert found.hint == "Add it, with title, url and from."


def test_a_table_must_be_a_table() -> None:
    assert problem_with('outbox = "x"', "delivery").message == "delivery.outbox must be a table."


def test_an_optional_text_left_empty_is_one_left_out() -> None:
    assert with_line('reply_to = ""').publication.reply_to == ""
    assert problem(LEAST.replace('"Weekly"', '""')).message == "publication.title must not be empty."


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[publication\n", 1, "Not valid TOML: Expected ']'"),
        ("a = 1\nb = tls\n", 2, "Not valid TOML: Invalid value"),
        ("[a]\n[a]\n", 2, "Not valid TOML: Cannot declare"),
        ('a = 1\nb = "x', 2, "Not valid TOML: Unterminated string"),
        ("a = 1\nb = [1\n", 2, "Not valid TOML: Unclosed array"),
    ],
)
def test_broken_toml_is_told_with_its_line(text: str, line: int, words: str) -> None:
    found = problem(text)

    assert (found.code, found.line) == ("toml-syntax", line)
    assert found.message.startswith(words)
    assert found.hint


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    assert read_settings("\ufeff" + LEAST.replace("\n", "\r\n")).publication.title == "Weekly"


@pytest.mark.parametrize(
    ("text", "rate"),
    [("14/s", Rate(14, 1)), ("600/m", Rate(600, 60)), ("5000 / h", Rate(5000, 3600)), ("unlimited", None)],
)
def test_rates(text: str, rate: Rate | None) -> None:
    assert with_line(f'rate = "{text}"', "delivery").delivery.rate == rate


@pytest.mark.parametrize("text", ["14", "0/s", "14/d", "-1/s", "14/s/s", "", "Unlimited", "1.5/s"])
def test_what_is_no_rate(text: str) -> None:
    assert problem_with(f'rate = "{text}"', "delivery").line == 6


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "https://",
        "https://a b/",
        "https://a/?x",
        "https://a/#x",
        "https://u@a/",
        "https://[/",
        "ftp://a",
    ],
)
def test_what_is_no_web_address(url: str) -> None:
    assert problem_with(f'url = "{url}"', "service").code == "bad-value"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('timezone = "Europe/Viena"', 'Did you mean "Europe/Vienna"?'),
        ('timezone = "../etc/passwd"', 'Write it as "Europe/Vienna", or "UTC".'),
        ('language = "en_GB.UTF-8"', 'Did you mean "en-GB"?'),
        ('language = "english language"', 'Write "en", "de" or "pt-BR".'),
        ("title2 = 1", "Did you mean title?"),
    ],
)
def test_hints(line: str, hint: str) -> None:
    assert problem_with(line).hint == hint


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        ("delivery", "connections = 0", "delivery.connections must be between 1 and 100, not 0."),
        ("delivery", "connections = true", "delivery.connections must be a whole number, not true or false."),
        ("delivery", 'connections = "8"', "delivery.connections must be a whole number, not text."),
        ("delivery", "transport = 2026-01-01", "delivery.transport must be text, not a date or time."),
        (
            "delivery",
            'transport = "stmp"',
            'delivery.transport must be "outbox", "sendmail", "smtp", "postmark" or "resend", not stmp.',
        ),
        (
            "publication",
            'author = "a\\nBcc: x"',
            "publication.author must be one line without control characters.",
        ),
        (
            "publication",
            'postal_address = "a\\u0000"',
            "publication.postal_address must not hold control characters.",
        ),
        (
            "delivery.smtp",
            'host = "https://a.org"',
            "delivery.smtp.host is not the name of a host: https://a.org.",
        ),
        ("delivery.smtp", "port = 70000", "delivery.smtp.port must be between 1 and 65535, not 70000."),
        ("subscribers", 'fields = "city"', "subscribers.fields must be a list of names, not text."),
        ("subscribers", 'fields = ["City"]', "subscribers.fields holds a name that cannot be a field: City."),
        ("subscribers", 'fields = ["a", "a"]', "subscribers.fields holds a twice."),
        (
            "subscribers",
            'fields = ["email"]',
            "subscribers.fields holds email, which every publication has already.",
        ),
    ],
)
def test_messages(table: str, line: str, message: str) -> None:
    assert problem_with(line, table).message == message


def test_the_mail_is_signed_for_the_domain_of_from() -> None:
    dkim = with_line('selector = "News.2026"\nkey = "file:a.pem"', "delivery.dkim").delivery.dkim

    assert (dkim.domain, dkim.selector, dkim.rsa_key) == ("example.org", "news.2026", Secret("file", "a.pem"))
    assert (
        with_line('domain = "Mail.example.org"', "delivery.dkim").delivery.dkim.domain == "mail.example.org"
    )


def test_a_literal_secret_is_refused_and_never_repeated() -> None:
    found = problem(MOST.replace("env:SMTP_PASSWORD", "hunter2:hunter2"))

    assert found.code == "literal-secret"
    assert "hunter2" not in str(found)


def test_the_password_of_a_database_is_never_repeated() -> None:
    found = problem_with('url = "postgresql://ann:hunter2@db/x"', "database")

    assert "hunter2" not in str(found)
    assert "(postgresql:…)" in found.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_no_protection_is_needed_on_this_machine(host: str) -> None:
    settings = with_line(f'host = "{host}"\nsecurity = "none"', "delivery.smtp")

    assert settings.delivery.smtp.port == 25


@pytest.mark.parametrize("host", ["smtp.example.org", "10.0.0.1", "localhost.example.org"])
def test_no_protection_is_refused_elsewhere(host: str) -> None:
    found = problem_with(f'host = "{host}"\nsecurity = "none"', "delivery.smtp")

    assert (found.code, found.line) == ("unprotected", 7)


@pytest.mark.parametrize(
    ("line", "table", "words"),
    [
        ('transport = "smtp"', "delivery", "delivery.smtp.host is missing"),
        ('host = "a"\nusername = "a"', "delivery.smtp", "there is no password"),
        ('host = "a"\npassword = "env:A"', "delivery.smtp", "there is no username"),
        ('selector = "news"', "delivery.dkim", "delivery.dkim.selector is set, but there is no key"),
        ('key = "env:A"', "delivery.dkim", "delivery.dkim.key is set, but there is no selector"),
        (
            'selector = "a"\nkey = "env:A"\ned25519_key = "env:B"',
            "delivery.dkim",
            "delivery.dkim.ed25519_key is set, but there is no ed25519_selector",
        ),
        (
            'ed25519_selector = "a"\ned25519_key = "env:A"',
            "delivery.dkim",
            "delivery.dkim.ed25519_key is set, but there is no key (RSA) beside it",
        ),
        ('selector = "a_b"\nkey = "env:A"', "delivery.dkim", "delivery.dkim.selector is not a selector: a_b"),
    ],
)
def test_what_belongs_together(line: str, table: str, words: str) -> None:
    assert words in problem_with(line, table).message


@pytest.mark.parametrize(
    ("url", "list_id"),
    [
        ("https://example.org/weekly/", "weekly.example.org"),
        ("https://letters.example.org/", "letters.example.org"),
        ("https://example.org/a/B/", "b.a.example.org"),
        ("https://example.org/~ann/", "example.org"),
        ("https://localhost/x/", "x.newsletter.example.org"),
        ("https://192.0.2.1/", "newsletter.example.org"),
    ],
)
def test_a_list_is_named_after_its_address(url: str, list_id: str) -> None:
    settings = read_settings(LEAST.replace("https://example.org/weekly", url))

    assert settings.publication.list_id == list_id


def test_verp_needs_room_for_its_token() -> None:
    toml = '[publication]\ntitle = "T"\nurl = "https://example.org/"\nfrom = "news@example.org"\n[delivery]\n'

    assert read_settings(f"{toml}verp = true\n").delivery.verp
    for line in ("return_path = '{}@example.org'\nverp = true".format("b" * 32), "verp = 1"):
        with pytest.raises(ConfigurationError) as caught:
            read_settings(f"{toml}{line}\n")
        assert "delivery.verp" in str(caught.value)
