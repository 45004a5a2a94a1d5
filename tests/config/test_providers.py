"""The tables of sendmail, postmark and resend in newsletter.toml."""

from __future__ import annotations

import pytest

from newsletter.config import Secret, read_settings
from newsletter.config.providers import SENDMAIL
from newsletter.errors import ConfigurationError, Problem

HEAD = '[publication]\ntitle = "a"\nurl = "https://a.dev"\nfrom = "a@a.dev"\n'


def problem(text: str) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(HEAD + text)
    (found,) = caught.value.problems
    return found


def test_what_holds_when_nothing_is_said() -> None:
    delivery = read_settings(HEAD).delivery
    assert delivery.sendmail.command == SENDMAIL
    assert (delivery.postmark.stream, delivery.postmark.endpoint) == (
        "broadcast",
        "https://api.postmarkapp.com",
    )
    assert delivery.resend.endpoint == "https://api.resend.com"


def test_all_of_it() -> None:
    delivery = read_settings(
        HEAD
        + '[delivery]\ntransport = "postmark"\n'
        + "[delivery.sendmail]\ncommand = \"/usr/bin/msmtp --account='my news' -f {sender} {recipient}\"\n"
        + '[delivery.postmark]\ntoken = "env:PM"\nstream = "news"\nendpoint = "http://127.0.0.1:8080/"\n'
        + '[delivery.resend]\ntoken = "file:subscribers/resend"\nendpoint = "https://proxy.a.dev/resend"\n'
    ).delivery
    assert delivery.sendmail.command == (
        "/usr/bin/msmtp",
        "--account=my news",
        "-f",
        "{sender}",
        "{recipient}",
    )
    assert (delivery.postmark.token, delivery.postmark.stream) == (Secret("env", "PM"), "news")
    assert delivery.postmark.endpoint == "http://127.0.0.1:8080"
    assert delivery.resend.token == Secret("file", "subscribers/resend")
    assert delivery.resend.endpoint == "https://proxy.a.dev/resend"


@pytest.mark.parametrize("name", ["postmark", "resend"])
def test_a_provider_needs_a_token(name: str) -> None:
    found = problem(f'[delivery]\ntransport = "{name}"\n')
    assert (found.code, found.line) == ("missing-key", 6)
    assert found.message == f'delivery.{name}.token is missing, and delivery.transport is "{name}".'
    assert f"{name.upper()}_TOKEN" in found.hint


def test_a_token_itself_is_never_repeated() -> None:
    found = problem('[delivery.resend]\ntoken = "re_123456789"\n')
    assert found.code == "literal-secret"
    assert "re_123" not in str(found)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://api.postmarkapp.com",
        "http://10.0.0.1:80",
        "ftp://a.dev",
        "https://",
        "https://user@a.dev",
        "https://a.dev/?x=1",
        "https://a.dev/ b",
        "https://a.dev:x",
        "https://[::1",
        "a.dev",
    ],
)
def test_an_endpoint_that_is_none_or_is_in_the_open(endpoint: str) -> None:
    found = problem(f'[delivery.postmark]\nendpoint = "{endpoint}"\n')
    assert found.line == 6
    assert found.message.startswith("delivery.postmark.endpoint ")


@pytest.mark.parametrize("endpoint", ["http://localhost:1", "http://[::1]:1", "http://127.0.0.9"])
def test_an_endpoint_on_this_machine_may_be_plain(endpoint: str) -> None:
    assert (
        read_settings(HEAD + f'[delivery.resend]\nendpoint = "{endpoint}"\n').delivery.resend.endpoint
        == endpoint
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/usr/sbin/sendmail -t", "does not say where the reader's address goes"),
        ("{recipient}", "does not say where the reader's address goes"),
        ("sendmail '{recipient}", "is not a command"),
        ("sendmail {from} {recipient}", "holds {from}, which means nothing here"),
    ],
)
def test_a_command_that_cannot_do(command: str, says: str) -> None:
    found = problem(f'[delivery.sendmail]\ncommand = "{command}"\n')
    assert says in found.message
    assert found.hint
