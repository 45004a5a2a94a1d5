"""Whole messages: Python's parser reads every value back, and no reader disturbs the encoding."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape, unescape
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.delivery.headers import tidy, tidy_header
from newsletter.delivery.message import MessageTemplate, message_id
from newsletter.document import Merge
from newsletter.errors import ContentError
from newsletter.model import Identity, Message, Rendition, Segments, Subscriber, Tier

STRICT = policy.default.clone(raise_on_defect=True)
LEAVE = Merge("unsubscribe_url")
TOKEN = "Tt0-_" + "A" * 27
NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
ADA = Subscriber(
    id=7, public_id=b"\1" * 8, email="ada@example.org", email_key="ada@example.org", name="Ada Lovelace",
    first_name="Ada", last_name="Lovelace", tier=Tier.MEMBER, fields={"town": "London"},
)  # fmt: skip
IDENTITY = Identity(
    from_name="Pain Science Weekly",
    from_address="news@example.org",
    return_path="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Pain Science Weekly",
    unsubscribe_mailbox="leave@example.org",
    unsubscribe_base="https://letters.example.org/unsubscribe/",
    archive_url="https://example.org/",
    issue_url="https://example.org/six-clots/",
)
ID = message_id(b"k" * 32, 1, ADA.public_id, "example.org")
VALUES = st.text(st.one_of(st.sampled_from(" .=\r\n<>&\"'—é"), st.characters(codec="utf-8")), max_size=250)


def rendition(
    subject: Segments = ("Six clots",),
    html: Segments = ('<p><a href="', LEAVE, '">leave</a></p>\n'),
    text: Segments = ("Leave: ", LEAVE, "\n"),
) -> Rendition:
    return Rendition(Tier.FREE, subject, html, text)


def assemble(
    what: Rendition | None = None,
    *,
    identity: Identity = IDENTITY,
    subscriber: Subscriber = ADA,
    token: str = TOKEN,
) -> Message:
    template = MessageTemplate.compile(what or rendition(), identity)
    return template.assemble(subscriber=subscriber, token=token, message_id=ID, date=NOW)


def parse(message: Message) -> EmailMessage:
    """Reads the message back; any defect raises. Checks the limits that hold for every line of it."""
    lines = message.content.split(b"\r\n")
    assert lines[-1] == b""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[^\r\n\t -~]", message.content)
    header_end = lines.index(b"")
    for number, line in enumerate(lines):
        assert len(line) <= (998 if number < header_end else 76)
        assert not line.startswith((b".", b"From "))
    parsed = message_from_bytes(message.content, policy=STRICT)
    for part in parsed.walk():
        assert part.defects == []
    return parsed


def bodies(message: Message) -> tuple[str, str]:
    parsed = parse(message)
    text, html = (cast(EmailMessage, part) for part in parsed.iter_parts())
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def test_the_header_holds_these_fields_and_no_others() -> None:
    message = assemble(identity=replace(IDENTITY, reply_to="editor@example.org"))
    header = message.content.partition(b"\r\n\r\n")[0].decode("ascii")
    assert re.sub('boundary="[^"]*"', 'boundary="B"', header).split("\r\n") == [
        "From: Pain Science Weekly <news@example.org>",
        "To: Ada Lovelace <ada@example.org>",
        "Reply-To: <editor@example.org>",
        "Subject: Six clots",
        "Date: Tue, 24 Nov 2026 08:00:00 +0000",
        f"Message-ID: {ID}",
        "List-Id: Pain Science Weekly <weekly.example.org>",
        "List-Unsubscribe:",
        f" <https://letters.example.org/unsubscribe/{TOKEN}>,",
        f" <mailto:leave@example.org?subject=unsubscribe%20{TOKEN}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Archive: <https://example.org/>",
        "List-Post: NO",
        "Archived-At: <https://example.org/six-clots/>",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        ' boundary="B"',
    ]
    parse(message)


def test_envelope() -> None:
    message = assemble(subscriber=replace(ADA, email="ada@bücher.example"))
    assert (message.key, message.message_id, message.sender) == (7, ID, "bounces@example.org")
    assert message.recipient == "ada@xn--bcher-kva.example"
    assert not message.eight_bit
    assert assemble(identity=replace(IDENTITY, return_path="")).sender == ""


def test_same_inputs_same_bytes_and_a_boundary_of_the_content() -> None:
    assert assemble() == assemble()
    other = assemble(rendition(html=("<p>another</p>",)))
    boundaries = [cast(str, parse(message).get_boundary()) for message in (assemble(), other)]
    assert boundaries[0] != boundaries[1]
    for boundary, message in zip(boundaries, (assemble(), other), strict=True):
        assert message.content.count(boundary.encode()) == 4  # the declaration, two parts, the end


def test_mailto_alone_without_a_web_service() -> None:
    message = assemble(identity=replace(IDENTITY, unsubscribe_base="", archive_url="", issue_url=""))
    parsed = parse(message)
    way = f"mailto:leave@example.org?subject=unsubscribe%20{TOKEN}"
    assert parsed["List-Unsubscribe"] == f"<{way}>"
    for absent in ("List-Unsubscribe-Post", "List-Archive", "Archived-At"):
        assert parsed[absent] is None
    text, html = bodies(message)
    assert text == f"Leave: {way}\n"
    assert html == f'<p><a href="{way}">leave</a></p>\n'


def test_https_alone() -> None:
    parsed = parse(assemble(identity=replace(IDENTITY, unsubscribe_mailbox="")))
    assert parsed["List-Unsubscribe"].strip() == f"<https://letters.example.org/unsubscribe/{TOKEN}>"


def test_one_click_is_promised_for_https_only() -> None:
    parsed = parse(assemble(identity=replace(IDENTITY, unsubscribe_base="http://localhost:8000/u/")))
    assert parsed["List-Unsubscribe-Post"] is None
    assert parsed["List-Unsubscribe"].startswith(f"<http://localhost:8000/u/{TOKEN}>")


def test_a_list_without_a_way_to_leave_is_refused() -> None:
    with pytest.raises(ContentError, match="no way to leave"):
        assemble(identity=replace(IDENTITY, unsubscribe_base="", unsubscribe_mailbox=""))


def test_the_leave_link_is_escaped_for_html() -> None:
    identity = replace(IDENTITY, unsubscribe_base="https://example.org/?list=a&token=")
    text, html = bodies(assemble(identity=identity))
    assert text == f"Leave: https://example.org/?list=a&token={TOKEN}\n"
    assert html == f'<p><a href="https://example.org/?list=a&amp;token={TOKEN}">leave</a></p>\n'


def test_token_stands_whole_on_a_line() -> None:
    lines = assemble().content.split(b"\r\n")
    assert lines.count(TOKEN.encode() + b"=") == 2


def test_fields_and_fallbacks() -> None:
    names = ("first_name", "last_name", "name", "email", "tier", "town", "unknown")
    html: list[str | Merge] = []
    for name in names:
        html += [Merge(name), "|"]
    html += [Merge("unknown", "friend"), "|", Merge("town", "nowhere"), "\n"]
    what = rendition(html=tuple(html), text=(Merge("first_name", "there"),))
    assert bodies(assemble(what)) == (
        "Ada\n",
        "Ada|Lovelace|Ada Lovelace|ada@example.org|member|London||friend|London\n",
    )
    empty = replace(ADA, first_name=" \t", fields={"town": "\r\n"})
    text, second = bodies(assemble(what, subscriber=empty))
    assert text == "there\n"
    assert second == "|Lovelace|Ada Lovelace|ada@example.org|member|||friend|nowhere\n"


def test_adjacent_holes_and_holes_at_either_end() -> None:
    hole = Merge("town")
    what = rendition(html=(hole, hole, "\nline ", hole), text=("x\n", hole, "\n", hole))
    assert bodies(assemble(what)) == ("x\nLondon\nLondon\n", "LondonLondon\nline London\n")


@given(VALUES, VALUES, VALUES)
@example(".", "From here", "..")
@example("--=_", "=\r\n.\r\n", "\r\n\r\n--")
def test_merge_values_come_back_in_both_parts(first: str, town: str, static: str) -> None:
    what = rendition(
        html=("<p>", Merge("first_name", "there"), "</p>" + escape(static), Merge("town")),
        text=(static, Merge("first_name", "there"), "!\n", Merge("town"), " end"),
    )
    reader = replace(ADA, first_name=first, fields={"town": town})
    text, html = bodies(assemble(what, subscriber=reader))
    static = static.replace("\r\n", "\n").replace("\r", "\n")
    assert text == f"{static}{tidy(first) or 'there'}!\n{tidy(town)} end\n"
    assert html.startswith("<p>" + escape(tidy(first)) if tidy(first) else "<p>there</p>")
    # Every newline but the last is the author's: readers' values bring none.
    assert unescape(html.removesuffix("\n")) == f"<p>{tidy(first) or 'there'}</p>{static}{tidy(town)}"


@given(VALUES)
def test_subject_with_a_reader_s_value(value: str) -> None:
    what = rendition(subject=("Hello ", Merge("first_name", "reader"), " — six clots"))
    message = assemble(what, subscriber=replace(ADA, first_name=value))
    expected = tidy_header(f"Hello {tidy(value) or 'reader'} — six clots")
    assert parse(message)["Subject"] == expected


def test_unusual_holes_in_a_subject() -> None:
    what = rendition(subject=(Merge("town"), Merge("missing"), " ", LEAVE))
    assert (
        parse(assemble(what))["Subject"].replace("\r\n", "") == f"London {IDENTITY.unsubscribe_base}{TOKEN}"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"from_name": "A\nBcc: x@example.net"},
        {"list_name": "A\rB"},
        {"from_address": "news@example.org\r\nX: y"},
        {"reply_to": "nobody"},
        {"return_path": "a b@example.org"},
        {"list_id": "no dots"},
        {"unsubscribe_base": "https://example.org/\r\nX: y"},
        {"archive_url": "https://example.org/a b"},
        {"issue_url": "https://example.org/>"},
    ],
)
def test_the_publisher_s_broken_values_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ContentError):
        assemble(identity=replace(IDENTITY, **change))


@pytest.mark.parametrize("subject", [("a\nb",), ("a", Merge("name", "x\0"))])
def test_a_line_break_in_the_subject_is_refused(subject: Segments) -> None:
    with pytest.raises(ContentError, match="the subject"):
        assemble(rendition(subject=subject))


def test_a_reader_s_broken_address_token_or_id_is_refused() -> None:
    with pytest.raises(ContentError, match="not an e-mail address"):
        assemble(subscriber=replace(ADA, email="ada@example.org\nx"))
    with pytest.raises(ContentError, match="malformed"):
        assemble(token="a b")
    with pytest.raises(ContentError, match="malformed"):
        MessageTemplate.compile(rendition(), IDENTITY).assemble(
            subscriber=ADA, token=TOKEN, message_id="<a@b>\r\nX: y", date=NOW
        )


def test_the_date_follows_the_moment() -> None:
    template = MessageTemplate.compile(rendition(), IDENTITY)
    dates = []
    for moment in (
        NOW,
        NOW + timedelta(milliseconds=500),
        NOW + timedelta(seconds=1),
        NOW.astimezone(timezone(timedelta(hours=1))),
        NOW,
    ):
        message = template.assemble(subscriber=ADA, token=TOKEN, message_id=ID, date=moment)
        dates.append(parse(message)["Date"])
    assert [str(date)[17:] for date in dates] == [
        "08:00:00 +0000",
        "08:00:00 +0000",
        "08:00:01 +0000",
        "09:00:00 +0100",
        "08:00:00 +0000",
    ]


def test_message_id_is_stable_differs_and_holds_no_address() -> None:
    assert message_id(b"k" * 32, 1, ADA.public_id, "example.org") == ID
    others = {
        message_id(b"l" * 32, 1, ADA.public_id, "example.org"),
        message_id(b"k" * 32, 2, ADA.public_id, "example.org"),
        message_id(b"k" * 32, 1, b"\2" * 8, "example.org"),
        ID,
    }
    assert len(others) == 4
    assert message_id(b"k" * 32, 1, ADA.public_id, "bücher.example").endswith("@xn--bcher-kva.example>")
