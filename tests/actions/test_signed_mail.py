"""A publication with a DKIM key: what it sends and what it builds is signed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.actions.build import build_issue
from newsletter.actions.choose import newest_issue
from newsletter.actions.create import create_publication
from newsletter.actions.dkim_key import make_key
from newsletter.actions.send import carry_out, prospect
from newsletter.actions.subscribers import add_subscriber
from newsletter.clock import SystemClock
from newsletter.errors import ConfigurationError, Level, RefusedError
from newsletter.publication import Publication
from tests.delivery.signing import accepted, rsa_pem

DOMAIN = "newsletter.example.org"


class LastYear(SystemClock):
    """Receivers turn down signatures from the future."""

    def now(self) -> datetime:
        return datetime(2025, 11, 24, 8, tzinfo=UTC)


def open_(folder: Path) -> Publication:
    return Publication.open(folder, environ={}, clock=LastYear())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_publication(tmp_path / "letter", date(2025, 11, 24)).folder


def sign_with(folder: Path, *lines: str) -> Publication:
    settings = folder / "newsletter.toml"
    settings.write_text(settings.read_text() + "\n[delivery.dkim]\n" + "\n".join(lines) + "\n")
    return open_(folder)


@pytest.fixture
def signing(folder: Path) -> tuple[Publication, dict[bytes, bytes]]:
    """A publication that signs twice, and its DNS."""
    rsa, short = make_key(open_(folder)), make_key(open_(folder), ed25519=True)
    publication = sign_with(folder, *rsa.settings.splitlines()[1:], *short.settings.splitlines()[1:])
    return publication, {f"{made.name}.".encode(): "".join(made.strings).encode() for made in (rsa, short)}


def test_every_message_is_signed(signing: tuple[Publication, dict[bytes, bytes]]) -> None:
    publication, dns = signing
    for address in ("Ann <ann@example.org>", "bob@example.org"):
        add_subscriber(publication, address, source="test")
    sent = carry_out(publication, prospect(publication, newest_issue(publication).slug))

    assert sent.exit_code == 0
    messages = [path.read_bytes() for path in (publication.folder / "outbox" / "new").iterdir()]
    assert len(messages) == 2
    for content in messages:
        assert accepted(content, dns) == [True, True]
        assert b"List-Unsubscribe" in content
    publication.close()


def test_build_shows_the_very_bytes(signing: tuple[Publication, dict[bytes, bytes]]) -> None:
    publication, dns = signing
    issue = publication.issue(newest_issue(publication))
    built = build_issue(publication, issue)

    assert not built.warnings
    for tier in ("free", "member"):
        content = (publication.folder / built.folder / tier / "message.eml").read_bytes()
        assert accepted(content, dns) == [True, True]


def test_without_a_key_mail_is_not_signed(folder: Path) -> None:
    publication = open_(folder)
    built = build_issue(publication, publication.issue(newest_issue(publication)))

    assert b"DKIM-Signature" not in (folder / built.folder / "message.eml").read_bytes()


def test_where_the_key_is_missing_build_warns_and_send_refuses(folder: Path) -> None:
    publication = sign_with(folder, 'selector = "news"', 'key = "file:subscribers/gone.pem"')
    add_subscriber(publication, "ann@example.org", source="test")
    slug = newest_issue(publication).slug
    (warning,) = build_issue(publication, publication.issue(newest_issue(publication))).warnings

    assert warning.level is Level.WARNING
    assert warning.message == (
        "delivery.dkim.key: the file subscribers/gone.pem cannot be read (No such file or directory). "
        "message.eml is not signed."
    )
    assert (warning.file, warning.line) == ("newsletter.toml", publication.settings.line("delivery.dkim.key"))
    with pytest.raises(ConfigurationError, match=r"gone\.pem"):
        carry_out(publication, prospect(publication, slug))
    assert publication.campaigns.find(slug) is None
    publication.close()


def test_a_key_that_everybody_can_read_is_refused(folder: Path) -> None:
    made = make_key(open_(folder))
    (folder / made.file).chmod(0o644)
    publication = sign_with(folder, *made.settings.splitlines()[1:])

    with pytest.raises(ConfigurationError) as caught:
        _ = publication.signer
    (problem,) = caught.value.problems
    assert problem.code == "open-key"
    assert "chmod 600" in problem.hint


def test_a_key_in_the_environment(folder: Path) -> None:
    settings = folder / "newsletter.toml"
    settings.write_text(
        settings.read_text()
        + '\n[delivery.dkim]\nselector = "News"\nkey = "env:DKIM_KEY"\ndomain = "Example.org"\n'
    )
    publication = Publication.open(folder, environ={"DKIM_KEY": rsa_pem()}, clock=LastYear())

    assert publication.signer is not None
    assert publication.signer.domain == "example.org"
    assert [key.selector for key in publication.signer.keys] == ["news"]


def test_an_international_domain_signs_in_ascii(folder: Path) -> None:
    settings = folder / "newsletter.toml"
    text = settings.read_text().replace(f"news@{DOMAIN}", "news@bücher.example")
    settings.write_text(text + '\n[delivery.dkim]\nselector = "news"\nkey = "env:DKIM_KEY"\n')
    publication = Publication.open(folder, environ={"DKIM_KEY": rsa_pem()}, clock=LastYear())

    assert publication.signer is not None
    assert publication.signer.domain == "xn--bcher-kva.example"
    assert make_key(publication, "x").name == "x._domainkey.xn--bcher-kva.example"


# --- making keys -----------------------------------------------------------------------------------------


def test_a_new_key_is_private_and_called_by_its_month(folder: Path) -> None:
    made = make_key(open_(folder))

    assert (made.file, made.name) == ("subscribers/dkim-nl202511.pem", f"nl202511._domainkey.{DOMAIN}")
    assert (folder / made.file).stat().st_mode & 0o777 == 0o600
    assert made.record.startswith("v=DKIM1; k=rsa; p=MII")
    assert (
        made.settings == '[delivery.dkim]\nselector = "nl202511"\nkey = "file:subscribers/dkim-nl202511.pem"'
    )


def test_the_zone_line_is_cut_into_strings(folder: Path) -> None:
    made = make_key(open_(folder), "News")

    first, *parts = made.zone_line.split("\n")
    assert first == f"news._domainkey.{DOMAIN}. IN TXT ("
    strings = [part.strip().removesuffix(" )").strip('"') for part in parts]
    assert all(len(string) <= 255 for string in strings)
    assert "".join(strings) == made.record


def test_a_key_is_never_overwritten(folder: Path) -> None:
    made = make_key(open_(folder), "news")
    before = (folder / made.file).read_bytes()

    with pytest.raises(RefusedError, match="left as it is"):
        make_key(open_(folder), "news")
    assert (folder / made.file).read_bytes() == before


@pytest.mark.parametrize("selector", ["a_b", "news._domainkey", "-a", "a..b", "ü", "x" * 64])
def test_selectors_that_are_none(folder: Path, selector: str) -> None:
    with pytest.raises(RefusedError, match="is not a selector"):
        make_key(open_(folder), selector)


def test_a_folder_that_cannot_be_made(folder: Path) -> None:
    from shutil import rmtree

    from newsletter.errors import StorageError

    rmtree(folder / "subscribers")
    (folder / "subscribers").touch()
    with pytest.raises(StorageError):
        make_key(open_(folder))


def test_without_the_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(ConfigurationError) as caught:
        make_key(open_(folder))
    assert "pip install 'newsletter[dkim]'" in str(caught.value)
    assert not list((folder / "subscribers").glob("*.pem"))
