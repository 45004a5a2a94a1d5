import pytest

from newsletter.checking.settings import SETTINGS_RULES, check_settings
from newsletter.config import read_settings
from newsletter.errors import Level

GOOD = """\
[publication]
title = "Weekly"
url = "https://weekly.example.org/"
from = "news@{domain}"
postal_address = "1 Street"
[delivery]
transport = "{transport}"
[delivery.smtp]
host = "{host}"
{more}
"""


def found(
    domain: str = "weekly.dev", transport: str = "smtp", host: str = "smtp.weekly.dev", more: str = ""
) -> list[tuple[str, int]]:
    text = GOOD.format(domain=domain, transport=transport, host=host, more=more)
    problems = list(check_settings(read_settings(text)))
    assert all(problem.level is Level.WARNING and problem.hint for problem in problems)
    assert {problem.code for problem in problems} <= SETTINGS_RULES.rules.keys()
    return [(problem.code, problem.line) for problem in problems]


SERVICE = '[service]\nurl = "https://letters.weekly.dev"'


def test_nothing_is_wrong_with_good_settings() -> None:
    assert found(more=SERVICE) == []


def test_a_postal_address_is_missed() -> None:
    settings = read_settings(GOOD.format(domain="a.dev", transport="outbox", host="", more=""))
    bare = read_settings('[publication]\ntitle = "a"\nurl = "https://a.dev"\nfrom = "a@a.dev"\n')

    assert list(check_settings(settings)) == []
    assert [(problem.code, problem.line) for problem in check_settings(bare)] == [("no-postal-address", 1)]


def test_mail_that_leaves_wants_a_one_click_link() -> None:
    assert found() == [("no-one-click", 7)]


@pytest.mark.parametrize("domain", ["example.org", "news.example.com", "weekly.example"])
def test_mail_that_leaves_is_not_from_an_example(domain: str) -> None:
    assert found(domain=domain, more=SERVICE) == [("example-address", 4)]


def test_similar_domains_are_not_examples() -> None:
    assert found(domain="my-example.org", more=SERVICE) == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_server_on_this_machine_is_for_trying_things_out(host: str) -> None:
    assert found(domain="example.org", host=host) == []


def test_the_outbox_is_for_trying_things_out() -> None:
    assert found(domain="example.org", transport="outbox") == []
