"""Every way out that newsletter.toml can name is wired to its table there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.checking.settings import check_settings
from newsletter.clock import SystemClock
from newsletter.errors import ConfigurationError, CredentialsError, TransportError
from newsletter.publication import Publication
from tests.transports.fakes.postmark import FakePostmark
from tests.transports.fakes.provider import TOKEN, Provider, serving
from tests.transports.fakes.resend import FakeResend

HEAD = (
    '[publication]\ntitle = "a"\nurl = "https://a.dev"\nfrom = "a@a.dev"\n[delivery]\ntransport = "{name}"\n'
)


def publication(folder: Path, text: str, token: str = TOKEN) -> Publication:
    (folder / "newsletter.toml").write_text(text)
    return Publication.open(folder, environ={"TOKEN": token}, clock=SystemClock())


@pytest.fixture(params=[FakePostmark, FakeResend], ids=["postmark", "resend"])
def provider(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    fake: Provider = request.param()
    with serving(fake) as endpoint:
        yield "postmark" if request.param is FakePostmark else "resend", endpoint


def text_for(name: str, endpoint: str) -> str:
    return HEAD.format(name=name) + f'[delivery.{name}]\ntoken = "env:TOKEN"\nendpoint = "{endpoint}"\n'


def test_a_provider(tmp_path: Path, provider: tuple[str, str]) -> None:
    name, endpoint = provider
    transport = publication(tmp_path, text_for(name, endpoint)).transport()
    assert (transport.name, transport.lanes, transport.repeatable) == (name, 1, name == "resend")
    asyncio.run(transport.check())


def test_a_token_that_is_not_known_is_pointed_at(tmp_path: Path, provider: tuple[str, str]) -> None:
    transport = publication(tmp_path, text_for(*provider), token="wrong").transport()
    with pytest.raises(CredentialsError) as caught:
        asyncio.run(transport.check())
    assert (caught.value.problems[0].file, caught.value.problems[0].line) == ("newsletter.toml", 8)
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(("token", "code"), [("", "no-secret"), ("two words", "bad-token")])
def test_a_token_that_is_none_is_pointed_at(
    tmp_path: Path, provider: tuple[str, str], token: str, code: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        publication(tmp_path, text_for(*provider), token=token).transport()
    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.line) == (code, "newsletter.toml", 8)


def test_an_endpoint_where_nobody_listens_is_pointed_at(tmp_path: Path) -> None:
    transport = publication(tmp_path, text_for("postmark", "http://127.0.0.1:9")).transport()
    with pytest.raises(TransportError) as caught:
        asyncio.run(transport.check())
    assert caught.value.problems[0].line == 9


def test_sendmail(tmp_path: Path) -> None:
    text = HEAD.format(name="sendmail") + "connections = 3\n"
    text += f'[delivery.sendmail]\ncommand = "{tmp_path}/none {{recipient}}"\n'
    transport = publication(tmp_path, text).transport()
    assert (transport.name, transport.lanes, transport.repeatable) == ("sendmail", 3, False)
    with pytest.raises(TransportError) as caught:
        asyncio.run(transport.check())
    assert (caught.value.problems[0].code, caught.value.problems[0].line) == ("no-program", 9)


@pytest.mark.parametrize("name", ["sendmail", "postmark", "resend"])
def test_mail_leaves_over_all_of_them(tmp_path: Path, name: str) -> None:
    opened = publication(
        tmp_path, text_for(name, "https://a.dev") if name != "sendmail" else HEAD.format(name=name)
    )
    assert "no-one-click" in {problem.code for problem in check_settings(opened.settings)}
    assert opened.clock.now() > datetime(2000, 1, 1, tzinfo=UTC)
