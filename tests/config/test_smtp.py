"""The mail servers of newsletter.toml: one or several, each complete in itself."""

from __future__ import annotations

import pytest

from newsletter.config import Secret, Settings, read_settings
from newsletter.errors import ConfigurationError, Problem

PUBLICATION = """
[publication]
title = "Weekly"
url = "https://example.org/weekly"
from = "ann@example.org"
[delivery]
transport = "smtp"
"""

SEVERAL = """
[delivery.smtp]
host = "mx1.example.org"
in_flight = 4
per_connection = 20
idle = 5
dsn = true
[delivery.smtp.servers.second]
host = "mx2.example.org"
security = "starttls"
username = "ann"
password = "env:SECOND"
auth = "xoauth2"
weight = 3
[delivery.smtp.servers.spare]
host = "127.0.0.1"
security = "none"
weight = 0
"""


def settings_with(text: str) -> Settings:
    return read_settings(PUBLICATION + text)


def problem_with(text: str) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        settings_with(text)
    (problem,) = caught.value.problems
    return problem


def test_what_holds_when_nothing_is_said() -> None:
    smtp = settings_with('[delivery.smtp]\nhost = "mx.example.org"').delivery.smtp
    assert (smtp.auth, smtp.weight, smtp.in_flight, smtp.per_connection) == ("auto", 1, 8, 100)
    assert (smtp.idle, smtp.dsn, smtp.servers) == (30, False, {})


def test_several_servers() -> None:
    smtp = settings_with(SEVERAL).delivery.smtp
    assert (smtp.in_flight, smtp.per_connection, smtp.idle, smtp.dsn) == (4, 20, 5, True)
    found = dict(smtp.all())
    assert list(found) == ["delivery.smtp", "delivery.smtp.servers.second", "delivery.smtp.servers.spare"]
    assert [(one.host, one.port, one.weight) for one in found.values()] == [
        ("mx1.example.org", 465, 1),
        ("mx2.example.org", 587, 3),
        ("127.0.0.1", 25, 0),
    ]
    second = found["delivery.smtp.servers.second"]
    assert (second.username, second.password, second.auth) == ("ann", Secret("env", "SECOND"), "xoauth2")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[delivery.smtp.servers.b]\nport = 25", "[delivery.smtp.servers.b]", "servers.b.host is missing."),
        (
            '[delivery.smtp.servers.b]\nhost = "b.example.org"\nsecurity = "none"',
            'security = "none"',
            "anybody on the way to b.example.org could read the mail",
        ),
        (
            '[delivery.smtp.servers.b]\nhost = "b.example.org"\nusername = "ann"',
            'username = "ann"',
            "there is no password to go with it",
        ),
        (
            '[delivery.smtp.servers.b]\nhost = "b.example.org"\nauth = "xoauth2"',
            'auth = "xoauth2"',
            "servers.b.auth is set, but there is no username",
        ),
        (
            '[delivery.smtp.servers.b]\nhost = "b"\nin_flight = 3',
            "in_flight = 3",
            "There is no key in_flight",
        ),
        ('[delivery.smtp.servers.b]\nhost = "b"\nweight = 101', "weight = 101", "must be between 0 and 100"),
        ('[delivery.smtp.servers.b]\nhost = "b"\nauth = "gssapi"', 'auth = "gssapi"', "must be"),
    ],
)
def test_mistakes_in_a_server_of_its_own(text: str, line: str, message: str) -> None:
    text = f'[delivery.smtp]\nhost = "a.example.org"\n{text}'
    problem = problem_with(text)
    assert message in problem.message
    assert (PUBLICATION + text).splitlines()[problem.line - 1] == line
