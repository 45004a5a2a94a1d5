from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.writing.punctuation import Typographer


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("plain words", "plain words"),
        ('"Yes," she said.', "“Yes,” she said."),
        ("It isn't the dogs' bone.", "It isn’t the dogs’ bone."),
        ("'Yes,' he said", "‘Yes,’ he said"),
        ("\"'No' means no\"", "“‘No’ means no”"),
        ("the '90s and '80s", "the ’90s and ’80s"),
        ("'tis rock 'n' roll", "’tis rock ’n’ roll"),
        ('a 12" pipe', 'a 12" pipe'),
        ('"a 12 inch" pipe', "“a 12 inch” pipe"),
        ('"in 1997" it was', "“in 1997” it was"),
        ("5'10 tall", "5'10 tall"),
        ("wait...", "wait…"),
        ("wait.... Go", "wait…. Go"),
        ("....... end", "....... end"),
        ("pages 1--2", "pages 1–2"),
        ("so -- it is", "so – it is"),
        ("so---it is", "so—it is"),
        ("the --help option", "the --help option"),
        ("a ---- b", "a ---- b"),
        ('("quoted")', "(“quoted”)"),
        ('—"quoted"', "—“quoted”"),
        ('end "', "end ”"),
    ],
)
def test_punctuation(typed: str, printed: str) -> None:
    assert Typographer().smarten(typed) == printed


def test_pieces_know_what_came_before() -> None:
    typographer = Typographer()
    assert typographer.smarten('"', after="x") == "“"
    typographer.skip()
    assert typographer.smarten('" it', after=" ") == "” it"
    typographer.gap()
    assert typographer.smarten('"New', after=" ") == "“New"


def test_an_escaped_sign_counts_as_what_it_is() -> None:
    typographer = Typographer()
    typographer.skip("(")
    assert typographer.smarten('"a') == "“a"
    typographer.skip("")
    assert typographer.smarten('"') == "”"


@given(st.text(alphabet="ab1 \"'-.(—\n"))
def test_only_marks_change(text: str) -> None:
    typed = Typographer().smarten(text)
    back = typed.translate({ord("“"): '"', ord("”"): '"', ord("‘"): "'", ord("’"): "'"})
    assert back.replace("…", "...").replace("–", "--").replace("—", "---") == text.replace("—", "---")
    # nothing is left to do when it is done
    assert Typographer().smarten(typed).count('"') == typed.count('"')
