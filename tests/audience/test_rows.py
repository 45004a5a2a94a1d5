"""Lists as people have them: what every row becomes, and what stops the whole file."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.rows import Rejected, Row, read_rows
from newsletter.errors import ContentError
from newsletter.model import Status, Tier

CONTROL_IN_CELLS = "a line break or another control character is in its cells"
CONTROL_IN_ADDRESS = "it contains a line break or another control character"


def read(text: str) -> list[Row | Rejected]:
    return list(read_rows(io.StringIO(text, newline=""), file="list.csv"))


def rows(text: str) -> list[Row]:
    found = read(text)
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


def rejected(text: str) -> list[Rejected]:
    return [row for row in read(text) if isinstance(row, Rejected)]


def refused(text: str) -> ContentError:
    with pytest.raises(ContentError) as caught:
        read_rows(io.StringIO(text, newline=""), file="list.csv")
    assert caught.value.problems[0].file == "list.csv"
    return caught.value


def test_a_whole_row() -> None:
    (row,) = rows(
        "\ufeffE-mail Address,First Name,LAST_NAME,Plan,Labels,Created At,Status,Favourite colour\r\n"
        'Anna@Example.org, Anna ,Berg,Paid,"pain; massage,pain",2024-03-01T10:00:00Z,Subscribed,'
        '"dark\r\n  blue"\r\n'
    )
    assert row == Row(
        line=2,
        address=row.address,
        first_name="Anna",
        last_name="Berg",
        tier=Tier.MEMBER,
        tags=("pain", "massage"),
        fields={"favourite_colour": "dark blue"},
        joined=datetime(2024, 3, 1, 10, tzinfo=UTC),
        status=Status.ACTIVE,
    )
    assert row.address == ("Anna@example.org", "anna@example.org")


def test_a_list_that_says_little_claims_nothing() -> None:
    (row,) = rows("email,name,tier,tags,joined,status\nanna@example.org,,,,,\n")
    assert row == Row(line=2, address=row.address)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_finds_what_separates_the_cells(delimiter: str) -> None:
    text = "name,email,note\nBerg,anna@example.org,x\n".replace(",", delimiter)
    (row,) = rows(text)
    assert (row.name, row.address.email, row.fields) == ("Berg", "anna@example.org", {"note": "x"})


def test_excel_says_itself_what_separates() -> None:
    (row,) = rows("sep=;\r\nemail;name\r\nanna@example.org;Anna\r\n")
    assert (row.name, row.line) == ("Anna", 3)


def test_blank_lines_count_but_are_not_rows() -> None:
    found = rows("\n  \nemail,name\n\na@example.org,A\n,\n\nb@example.org,B\n")
    assert [(row.line, row.name) for row in found] == [(5, "A"), (8, "B")]


def test_lines_are_those_where_a_row_begins() -> None:
    found = rows('email,note\na@example.org,"one\ntwo"\nb@example.org,\n')
    assert [row.line for row in found] == [2, 4]


@pytest.mark.parametrize("text", ["a@example.org\nb@example.org\n", "a@example.org;\nb@example.org;\n"])
def test_one_column_of_addresses_needs_no_header(text: str) -> None:
    assert [(row.line, row.address.email) for row in rows(text)] == [
        (1, "a@example.org"),
        (2, "b@example.org"),
    ]


def test_names_may_stand_beside_the_address() -> None:
    first, second = rows("email,name\nAnna <anna@example.org>,\nBea <bea@example.org>,Beatrix\n")
    assert (first.name, first.address.email) == ("Anna", "anna@example.org")
    assert second.name == "Beatrix"


def test_the_surest_name_is_the_column_and_the_rest_become_fields() -> None:
    (row,) = rows(
        "Address,Email,email address,,Name,Name,Name,Town,town,tags,status,joined\n"
        "Home 1,a@example.org,b@x,y,N,M,O,Bern,Basel,,,\n"
    )
    assert row.address.email == "a@example.org"
    assert row.name == "N"
    names = {"name_2": "M", "name_3": "O", "town": "Bern", "town_2": "Basel"}
    assert row.fields == {"address": "Home 1", "email_address": "b@x", "column_4": "y"} | names


def test_the_first_row_of_an_address_counts() -> None:
    first, second, third = read("email\na@example.org\nA@EXAMPLE.ORG\nb@example.org\n")
    assert isinstance(first, Row)
    assert second == Rejected(3, "A@example.org", "line 2 has the same address", 2)
    assert isinstance(third, Row)


def test_a_row_of_unknown_status_is_not_made_up_for_by_another() -> None:
    """He may have left: a second row that happens to say nothing must not bring him back."""
    first, second = rejected("email,status\na@example.org,frozen\na@example.org,\n")
    assert first.reason == "its status “frozen” is none that is known here"
    assert second.duplicate_of == 2


@pytest.mark.parametrize(
    ("row", "value", "reason"),
    [
        ("anna,,", "anna", "there is no @"),
        (",Anna,", "", "it is empty"),
        ("a@example.org,A,x,y,z", "a@example.org", "it has 5 cells, and the first line names 3"),
        ('a@example.org,"A\nB",', "a@example.org", CONTROL_IN_CELLS),
        ("a@example.org,A,x\0y", "a@example.org", CONTROL_IN_CELLS),
        ('a@example.org,"A "B" C",', "", "its quotation marks do not match"),
        ('"a@example.org\nb@example.org",A,', r"a@example.org\nb@example.org", CONTROL_IN_ADDRESS),
        ("<a@example>,A,", "<a@example>", "the part after the @ is not valid. It should have a period"),
        ("A <a@example.org,A,", "A <a@example.org", "there is a blank in it"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_taken_do_not_stop_the_others(row: str, value: str, reason: str) -> None:
    found = read(f"email,name,note\n{row}\nlast@example.org,,\n")
    assert found[0] == Rejected(2, value, reason)
    assert isinstance(found[-1], Row)


def test_a_short_row_says_nothing_of_the_rest() -> None:
    (row,) = rows("email,name,note\na@example.org\n")
    assert (row.name, row.fields) == ("", {})


def test_empty_cells_too_many_do_no_harm() -> None:
    (row,) = rows("email,name\na@example.org,A,, ,\n")
    assert row.name == "A"


def test_a_quotation_mark_that_never_closes_swallows_nobody_in_silence() -> None:
    found = read('email,note\na@example.org,"oh\nb@example.org,\n')
    assert found == [Rejected(2, "", "a quotation mark opens here and never closes")]
    (long, *rest) = read('email,note\na@example.org,"' + "oh\n" * 50_000 + "b@example.org,\n")
    assert isinstance(long, Rejected)
    assert "longer than 131,072 characters" in long.reason
    assert isinstance(rest[-1], Row)


def test_what_is_not_understood_is_left_aside_with_a_note() -> None:
    (row,) = rows("email,tier,joined\na@example.org,platinum,03/04/2026\n")
    assert (row.tier, row.joined) == (None, None)
    assert "platinum" in row.notes[0]
    assert "03/04/2026" in row.notes[1]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_reads_what_windows_writes(encoding: str) -> None:
    octets = "email,name\na@example.org,Müller – “Bär”\nb@example.org,plain\n".encode(encoding)
    with io.TextIOWrapper(
        io.BytesIO(octets), encoding="utf-8", errors="surrogateescape", newline=""
    ) as lines:
        first, second = read_rows(lines)
    assert isinstance(first, Row)
    assert first.name == "Müller – “Bär”"
    assert isinstance(second, Row)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"PK\x03\x04\x14\0", "a spreadsheet or an archive"),
        ("email\na@example.org\n".encode("utf-16"), "not UTF-8 text"),
        ("email\na@example.org\n".encode("utf-16-be"), "not UTF-8 text"),
        (b"\xd0\xcf\x11\xe0\0\0", "not UTF-8 text"),
        (b"", "empty"),
        (b"\n ,,\n\n", "empty"),
    ],
)
def test_says_what_a_file_is_that_is_no_list(octets: bytes, words: str) -> None:
    lines = io.TextIOWrapper(io.BytesIO(octets), encoding="utf-8", errors="surrogateescape", newline="")
    with lines, pytest.raises(ContentError, match=words) as caught:
        read_rows(lines, file="list.csv")
    assert caught.value.problems[0].file == "list.csv"


def test_a_strictly_opened_file_fails_with_its_line() -> None:
    lines = io.TextIOWrapper(
        io.BytesIO(b"email\n" + b"a@example.org\n" * 2000 + b"\xff\n"), encoding="utf-8", newline=""
    )
    with lines, pytest.raises(ContentError, match="not UTF-8 text") as caught:
        list(read_rows(lines))
    assert caught.value.problems[0].hint


def test_a_file_without_addresses_says_what_it_has() -> None:
    problem = refused("\nname,town\nAnna,Bern\n").problems[0]
    assert (problem.code, problem.line) == ("no-address-column", 2)
    assert "“name”, “town”" in problem.message
    assert "`email`" in problem.hint
    assert refused(f"{'name,' * 40}\n").problems[0].message.endswith("“name” ….")


def test_several_columns_need_their_names() -> None:
    problem = refused("a@example.org,Anna\n").problems[0]
    assert (problem.code, problem.line) == ("no-header", 1)


def test_a_broken_first_line() -> None:
    assert refused('"email"x,name\n').problems[0].code == "bad-header"


def test_memory_grows_with_the_addresses_only() -> None:
    def lines() -> Iterator[str]:
        yield "email,note\n"
        for number in range(20_000):
            yield f"r{number % 100}@example.org,{'x' * 2000}\n"

    tracemalloc.start()
    try:
        assert sum(isinstance(row, Row) for row in read_rows(lines())) == 100
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


_cells = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.tuples(st.emails() | _cells, _cells, _cells)), st.sampled_from(",;\t|"))
def test_every_row_is_accounted_for(records: list[tuple[str, str, str]], delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerows([("email", "name", "note"), *records])
    buffer.seek(0)
    found = list(read_rows(buffer))
    assert len(found) == sum(1 for record in records if any(record))
    kept = [row for row in found if isinstance(row, Row)]
    assert len({row.address.key for row in kept}) == len(kept)
    for row in kept:
        assert not set("\r\n\0") & set(row.address.email + row.name + "".join(row.fields.values()))
