"""List headers, signing, the law: lines L1 to L8, D1, B2 and C1 of docs/explanation/standards.md."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import dkim
import pytest

from docs.demo import copy_sample
from newsletter.audience.addresses import parse_address
from newsletter.clock import SystemClock
from newsletter.delivery.dkim_keys import read_key
from newsletter.errors import ConfigurationError
from newsletter.model import UNSUBSCRIBE_URL
from newsletter.publication import Publication
from newsletter.rendering.budget import HTML_LIMIT
from tests.delivery.signing import accepted, records, rsa_key, rsa_pem, signer
from tests.standards.sample import TOKENS, Mail, assemble, reader

DOMAIN = "example.org"


def signed(mail: Mail) -> bytes:
    """The same mail, signed by example.org and from there."""
    identity = replace(mail.edition.identity, from_address="news@example.org")
    edition = replace(mail.edition, identity=identity)
    return assemble(edition, mail.subscriber, signer=signer(rsa_key())).content


def test_L1_list_unsubscribe(mails: list[Mail]) -> None:
    for mail in mails:
        (field,) = mail.fields("List-Unsubscribe")
        lines = field.rstrip().split(b"\r\n")
        assert len(lines) in (2, 3)
        for line in lines[-2:]:
            assert re.search(rb"<(https://|mailto:)[!-;=?-~]+>,?$", line), line  # each URI whole on its line
        token = TOKENS.unsubscribe(mail.subscriber.public_id)
        assert mail.parsed["List-Unsubscribe"] == (
            f"<https://letters.sorepoints.example.org/unsubscribe/{token}>, "
            f"<mailto:marian@sorepoints.example.org?subject=unsubscribe%20{token}>"
        )
        assert mail.fields("List-Unsubscribe-Post") == [b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


def test_L2_the_token_is_opaque_and_hard_to_forge(mail: Mail) -> None:
    first, second = (TOKENS.unsubscribe(number.to_bytes(8, "big")) for number in (1, 2))
    assert mail.parsed["List-Unsubscribe"].startswith("<https://")
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", first)
    assert first[11:] != second[11:]  # readers in a row, and nothing alike in the code
    assert TOKENS.read_unsubscribe(first) == (1).to_bytes(8, "big")
    for at in range(32):
        forged = first[:at] + ("B" if first[at] == "A" else "A") + first[at + 1 :]
        assert TOKENS.read_unsubscribe(forged) is None
    assert mail.subscriber.email not in mail.parsed["List-Unsubscribe"]


def test_L3_both_headers_are_signed_and_the_signature_holds(mail: Mail) -> None:
    content = signed(mail)
    dns = records(rsa_key())
    assert accepted(content, dns, signatures=1) == [True]
    names = signature_tags(content)["h"].lower().split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(names)
    for old, new in ((b"/unsubscribe/", b"/unsubscribf/"), (b"=One-Click", b"=Two-Click")):
        assert accepted(content.replace(old, new, 1), dns, signatures=1) == [False]


def signature_tags(content: bytes) -> dict[str, str]:
    value = re.findall(rb"(?m)^DKIM-Signature: ((?:.*\r\n[ \t])*.*)\r$", content)[0].decode()
    pairs = (tag.partition("=") for tag in re.sub(r"\s+", "", value).split(";") if tag)
    return {name: rest for name, _, rest in pairs}


def test_L5_a_visible_link_in_both_parts_before_any_clipping(mails: list[Mail]) -> None:
    for mail in mails:
        link = f"https://letters.sorepoints.example.org/unsubscribe/{TOKENS.unsubscribe(mail.subscriber.public_id)}"
        assert link in mail.body("plain")
        html = mail.body("html")
        assert html.encode().rindex(link.encode()) < HTML_LIMIT
        words = [words for href, words in mail.page.links if href == link]
        assert words
        assert all(each.strip() for each in words)


def test_L6_what_the_list_is_called_and_where_it_is(mails: list[Mail]) -> None:
    assert len({mail.parsed["List-Id"] for mail in mails}) == 1
    for mail in mails:
        found = re.fullmatch(r"Sore Points <([a-z0-9.-]+)>", mail.parsed["List-Id"])
        assert found
        assert len(found[1]) <= 255
        assert mail.parsed["List-Post"] == "NO"
        assert mail.parsed["List-Archive"] == "<https://sorepoints.example.org/>"
        assert mail.parsed["Archived-At"] == f"<https://sorepoints.example.org/{mail.edition.slug}/>"


def test_L7_sent_in_bulk_and_written_by_people(mails: list[Mail]) -> None:
    for mail in mails:
        assert mail.parsed["Precedence"] == "bulk"
        assert mail.parsed["X-Auto-Response-Suppress"] == "OOF, AutoReply"
        assert mail.parsed["Auto-Submitted"] is None


def test_L8_feedback_id_is_about_the_mailing_alone(mails: list[Mail]) -> None:
    senders = set()
    for mail in mails:
        fields = mail.parsed["Feedback-ID"].split(":")
        assert len(fields) == 4
        assert len(set(fields)) == 4
        assert fields[0] == mail.edition.slug
        assert 5 <= len(fields[3]) <= 15
        senders.add(fields[3])
        other = assemble(mail.edition, reader(99, name="Eve", tier=mail.subscriber.tier))
        assert mail.fields("Feedback-ID") == Mail(mail.edition, mail.subscriber, other).fields("Feedback-ID")
    assert len(senders) == 1
    assert "feedback-id" in signature_tags(signed(mails[0]))["h"].lower().split(":")


def test_D1_signatures(mail: Mail) -> None:
    content = signed(mail)
    tags = signature_tags(content)
    assert (tags["a"], tags["c"], tags["d"]) == ("rsa-sha256", "relaxed/relaxed", DOMAIN)
    assert "l" not in tags
    names = tags["h"].lower().split(":")
    for name in ("from", "to", "subject", "date", "message-id"):
        assert names.count(name) == 2, name  # once more than it is there
    present = {name.lower() for name in mail.parsed if name.lower().startswith("list-")}
    assert present <= set(names)
    assert dkim.verify(content, dnsfunc=lambda name, timeout=5: records(rsa_key()).get(name))
    with pytest.raises(ConfigurationError):
        read_key(rsa_pem(1024), "news", "rsa")


@pytest.fixture
def small(tmp_path: Path) -> Publication:
    """The sample with three readers of its own."""
    copy_sample(tmp_path / "sample")
    publication = Publication.open(tmp_path / "sample", environ={}, clock=SystemClock())
    for number in range(3):
        publication.subscribers.add(parse_address(f"r{number}@example.org"), source="test")
    return publication


def test_B2_whoever_leaves_during_a_send_gets_nothing_more(small: Publication) -> None:
    issue = small.issue(small.issue_files[-1])
    campaign = small.campaigns.create(small.edition(issue), "everyone")
    leaving = small.subscribers.get("r1@example.org")
    assert leaving is not None
    small.subscribers.leave(leaving.public_id, source="test")

    async def claimed() -> set[str]:
        with small.campaigns.take(campaign, repeatable=True) as ledger:
            claims = await ledger.claim(10)
            await ledger.release(list(claims))
            await ledger.flush()
        return {claim.subscriber.email for claim in claims}

    assert asyncio.run(claimed()) == {"r0@example.org", "r2@example.org"}
    small.close()


def test_C1_a_postal_address_and_a_way_out_that_does_not_expire(mails: list[Mail]) -> None:
    for mail in mails:
        for kind in ("plain", "html"):
            assert "40 Ferry Landing, Vancouver BC V0X 0X0, Canada" in " ".join(mail.body(kind).split())
    assert all(UNSUBSCRIBE_URL not in mail.body("plain") for mail in mails)
    # the token has no date in it: it is made from the id and the key alone
    assert TOKENS.unsubscribe(b"\7" * 8) == TOKENS.unsubscribe(b"\7" * 8)
