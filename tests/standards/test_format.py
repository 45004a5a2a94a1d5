"""The format of a message: lines F1 to F8 of docs/explanation/standards.md."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header
from email.message import EmailMessage
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.headers import tidy, tidy_header, tidy_name
from newsletter.delivery.message import MessageTemplate
from newsletter.document import Merge
from newsletter.model import UNSUBSCRIBE_URL, Identity, Rendition, Subscriber, Tier
from newsletter.publication import Publication
from newsletter.transports.smtp import SmtpTransport
from tests.standards.sample import SENT, STRICT, TOKENS, Mail, assemble, reader
from tests.transports.parts import MemoryDesk, message, settings_for, sink

IDENTITY = Identity(
    from_name="Pain “Science” Weekly, Überlingen",
    from_address="news@example.org",
    return_path="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Pain Science",
    unsubscribe_mailbox="leave@example.org",
    reply_to="ann@example.org",
    unsubscribe_base="https://letters.example.org/unsubscribe/",
    archive_url="https://example.org/",
    issue_url="https://example.org/six-clots/",
)
NAME, TOWN = Merge("first_name", "there"), Merge("town", "your town", filters=("title",))
LEAVE = Merge(UNSUBSCRIBE_URL)
CHOICE = Merge("member", "free", then="member")
RENDITION = Rendition(
    Tier.FREE,
    ("Six clots, ", NAME, ", in ", TOWN),
    ('<p title="', NAME, '">Dear ', NAME, " of ", TOWN, " (", CHOICE, ') <a href="', LEAVE, '">x</a></p>\n'),
    ("Dear ", NAME, " of ", TOWN, " (", CHOICE, ")\nOut: ", LEAVE, "\n"),
)  # fmt: skip
ODD = " .=\r\n\0\t<>&\"'{}—é\u202e\u2066\u200d👩‍🔬🇨🇦\u0301"
WILD = st.text(st.one_of(st.sampled_from(ODD), st.characters(codec="utf-8")), max_size=300)


def check_lines(content: bytes) -> None:
    header, _, body = content.partition(b"\r\n\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    for line in header.split(b"\r\n"):
        assert len(line) <= 998
        assert len(line) <= 78 or b"http" in line or b"@" in line  # one address that is longer stands alone
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")


def parse(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=STRICT)
    assert all(part.defects == [] for part in parsed.walk())
    return parsed


def test_F1_lines_of_the_sample(mails: list[Mail]) -> None:
    for mail in mails:
        check_lines(mail.message.content)


def test_F1_leading_full_stops_survive_the_way() -> None:
    content = (
        b"Message-ID: <1@example.org>\r\n\r\n.\r\n..\r\n.x\r\n"
        + b"a" * 990
        + b"\r\n.\r\n" * 400
        + b".end\r\n"
    )

    async def sent() -> bytes:
        async with sink() as (port, received):
            await SmtpTransport(settings_for(port)).lane(MemoryDesk([message(1, content=content)]))
            return received[0].content

    assert asyncio.run(sent()) == content


def test_F2_each_field_once(mails: list[Mail]) -> None:
    for mail in mails:
        for name in ("From", "Date", "Message-ID", "Subject", "To", "MIME-Version"):
            assert len(mail.fields(name)) == 1, name
        names = [name.lower() for name, _ in mail.parsed.items()]
        assert len(names) == len(set(names))
        assert mail.parsed["Date"].datetime == SENT
        assert re.search(rb"[+-]\d{4}$", mail.fields("Date")[0].rstrip())
        again = assemble(mail.edition, mail.subscriber)
        assert again.message_id == mail.message.message_id == mail.parsed["Message-ID"]


def test_F3_from_is_one_mailbox_at_our_domain(mails: list[Mail]) -> None:
    for mail in mails:
        (sender,) = mail.parsed["From"].addresses
        assert sender.addr_spec == "letters@sorepoints.example.org"
        assert sender.display_name == "Sore Points"
        assert [each.addr_spec for each in mail.parsed["Reply-To"].addresses] == [
            "marian@sorepoints.example.org"
        ]


def test_F3_names_are_quoted_or_encoded() -> None:
    for name in ("Sore, Points", 'The "Point"', "Dr. A. (retired)", "Überlingen", "a@b", "痛みの科学"):
        written = MessageTemplate.compile(RENDITION, replace(IDENTITY, from_name=name)).assemble(
            subscriber=reader(), token="t" * 32, message_id="<1@example.org>", date=SENT
        )
        (sender,) = parse(written.content)["From"].addresses
        assert (sender.display_name, sender.addr_spec) == (name, "news@example.org")


@given(WILD, WILD)
def test_F4_encoded_words(name: str, town: str) -> None:
    written = assembled(reader(name=name.replace(" ", "\u00a0"), town=town))
    header = written.partition(b"\r\n\r\n")[0].decode("ascii")
    for word in re.findall(r"=\?[^ \r\n]*", header):
        assert re.fullmatch(r"=\?utf-8\?(?:q\?[^? \r\n]*|b\?[A-Za-z0-9+/=]*)\?=,?", word), word
        assert len(word.rstrip(",")) <= 75
    for quoted in re.findall(r'"[^"\r\n]*"|<[^>\r\n]*>', header):
        assert "=?utf-8?" not in quoted


def assembled(subscriber: Subscriber, rendition: Rendition = RENDITION) -> bytes:
    return (
        MessageTemplate.compile(rendition, IDENTITY)
        .assemble(
            subscriber=subscriber,
            token=TOKENS.unsubscribe(subscriber.public_id),
            message_id="<1@example.org>",
            date=SENT,
        )
        .content
    )


def test_F5_structure(mails: list[Mail]) -> None:
    for mail in mails:
        assert mail.parsed.get_content_type() == "multipart/alternative"
        text, html = mail.parsed.iter_parts()
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        for part in (text, html):
            assert part.get_content_charset() == "utf-8"
            assert part["Content-Transfer-Encoding"] == "quoted-printable"
            assert part["Content-Disposition"] is None
        tags = {tag for tag, _ in mail.page.tags}
        assert not tags & {"form", "script", "iframe", "object", "embed", "input", "button", "video", "audio"}
        assert not any("data:" in values.get("src", "") for values in mail.page.named("img"))
        assert not any(name.startswith("on") for _, values in mail.page.tags for name in values)


def test_F6_the_text_part_says_the_same(mails: list[Mail]) -> None:
    for mail in mails:
        text = set(re.findall(r"[^\W\d_]{4,}", mail.body("plain")))
        html = set(mail.page.words)
        assert len(html - text) <= 0.03 * len(html), html - text


def test_F7_the_boundary(mails: list[Mail]) -> None:
    for mail in mails:
        boundary = mail.parsed.get_boundary()
        assert boundary is not None
        assert mail.message.content.count(f"\r\n--{boundary}".encode()) == 3
        assert mail.message.content.count(boundary.encode()) == 4
        other = reader(9, name="Somebody Else", tier=mail.subscriber.tier)
        assert assemble(mail.edition, other).content.count(boundary.encode()) == 4
    assert len({mail.parsed.get_boundary() for mail in mails}) > len(mails) // 2


def test_F7_the_same_input_gives_the_same_octets(publication: Publication, mails: list[Mail]) -> None:
    again = publication.edition(publication.issue(publication.issue_files[-1]))
    assert again == mails[-1].edition
    assert assemble(again, mails[-1].subscriber) == mails[-1].message


def expected(value: str, fallback: str) -> str:
    return tidy(value) or fallback


def display_name(content: bytes) -> str:
    """The name in the To field, by RFC 2047 6.2: Python's parser leaves spaces between encoded-words in."""
    (field,) = re.findall(r"(?m)^To: ((?:.*\r\n[ \t])*.*)\r$", content.partition(b"\r\n\r\n")[0].decode())
    phrase = re.sub(r"\r\n(?=[ \t])", "", field).rpartition("<")[0].strip()
    if phrase.startswith("=?"):
        parts = (decode_header(word)[0] for word in phrase.split())
        return b"".join(data if isinstance(data, bytes) else data.encode() for data, _ in parts).decode()
    return re.sub(r'"((?:[^"\\]|\\.)*)"', lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), phrase)


def check_values(content: bytes, subscriber: Subscriber) -> None:
    """The values come back from header and bodies as they went in."""
    check_lines(content)
    parsed = parse(content)
    name = expected(subscriber.first_name, "there")
    town = tidy(subscriber.fields["town"])
    if town.islower() or town.isupper():
        town = re.sub(r"[^\W\d_]+", lambda word: word[0][0].upper() + word[0][1:].lower(), town)
    town = town or "your town"
    tier = "member" if subscriber.tier is Tier.MEMBER else "free"
    assert str(parsed["Subject"]) == tidy_header(f"Six clots, {name}, in {town}")
    assert [to.addr_spec for to in parsed["To"].addresses] == [subscriber.email]
    assert display_name(content) == tidy_name(subscriber.name)
    plain, html = (part.get_content().replace("\r\n", "\n") for part in parsed.iter_parts())
    assert plain.startswith(f"Dear {name} of {town} ({tier})\nOut: https://")
    found = re.fullmatch(r'<p title="([^"]*)">Dear (.*) of (.*) \((\w+)\) <a href="[^"]*">x</a></p>\n', html)
    assert found
    assert [unescape(each) for each in found.groups()] == [name, name, town, tier]


@settings(max_examples=300, deadline=None)
@given(WILD, WILD, st.sampled_from(Tier))
def test_F8_whatever_the_values_they_come_back(name: str, town: str, tier: Tier) -> None:
    wild = replace(reader(tier=tier, town=town), name=name, first_name=name)
    check_values(assembled(wild), wild)


def test_F8_ten_thousand_messages_with_random_values() -> None:
    chance = random.Random(4)
    ranges = [(0x20, 0x7E)] * 4 + [
        (0, 0x2FF),
        (0x300, 0x36F),
        (0x590, 0x6FF),
        (0x2000, 0x206F),
        (0x3040, 0x9FFF),
    ]
    ranges += [(0x1F300, 0x1FAFF), (0xE0000, 0xE007F), (0xF900, 0x10FFFF)]

    def wild() -> str:
        size = chance.choice((0, 1, 5, 12, 40, 200))
        points = (chance.randint(*chance.choice(ranges)) for _ in range(size))
        return "".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF)

    template = MessageTemplate.compile(RENDITION, IDENTITY)
    for number in range(10_000):
        name = wild() if number % 1000 else "n" * 10_000
        odd = replace(reader(number, tier=chance.choice(list(Tier)), town=wild()), name=name, first_name=name)
        content = template.assemble(
            subscriber=odd, token="A" * 32, message_id="<1@example.org>", date=SENT
        ).content
        check_values(content, odd)


def test_F8_every_value_of_the_sample_comes_back(mails: list[Mail]) -> None:
    for mail in mails:
        rendition = mail.edition.rendition(mail.subscriber.tier)
        link = f"{mail.edition.identity.unsubscribe_base}{TOKENS.unsubscribe(mail.subscriber.public_id)}"
        for kind, segments in (("plain", rendition.text), ("html", rendition.html)):
            values = {UNSUBSCRIBE_URL: link, "first_name": mail.subscriber.first_name}
            whole = "".join(each if isinstance(each, str) else values[each.name] for each in segments)
            assert mail.body(kind).replace("\r\n", "\n").rstrip("\n") == whole.rstrip("\n")
