"""The short ways through the parser lead where the long ones do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from newsletter.document import Inline
from newsletter.errors import Level
from newsletter.writing import dialect
from newsletter.writing.inlines import InlineReader

LINES = st.lists(
    st.text(alphabet="ab \t\u00a0é.,#>-=+*1)|:`<[", max_size=6)
    | st.sampled_from(
        [
            "",
            "",
            "prose",
            "  prose",
            "    prose",
            "- item",
            "> quoted",
            "| a |",
            "|-|",
            "===",
            "1. x",
            ":::aside",
            ":::",
        ]
    ),
    max_size=8,
).map("\n".join)


@given(LINES)
def test_prose_is_what_markdown_it_makes_of_it(text: str) -> None:
    parser = dialect._parser.__wrapped__()
    short = parser.parse(text, {})
    parser.disable("prose")
    assert short == parser.parse(text, {})


PLAIN = st.text(alphabet="ab \t\"'-.\n", max_size=30).map(
    lambda text: "\n".join(line for line in text.split("\n") if line.strip(" \t")).strip(" \t\n")
)


@given(PLAIN, st.booleans())
def test_plain_words_are_what_markdown_it_makes_of_them(content: str, literal: bool) -> None:
    def report(code: str, message: str, line: int, hint: str, level: Level = Level.ERROR) -> None:
        raise AssertionError(message)

    blocks = dialect.parse("")
    reader = InlineReader(blocks, report, lambda token, line: 0)
    assert dialect.is_plain(content)
    short: tuple[Inline, ...] = reader.read(content, 1, literal=literal)
    assert short == reader.read_tokens(blocks.words(content), content, 1, literal=literal)


def test_commonmark_is_complete() -> None:
    ours = dialect._parser().get_active_rules()
    for chain, rules in MarkdownIt("commonmark").get_active_rules().items():
        missing = set(rules) - set(ours[chain])
        assert missing == ({"inline", "text_join"} if chain == "core" else set())
