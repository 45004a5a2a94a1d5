import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.lines import Path, key_lines

SAMPLE = '''\
# a comment with [brackets] and = signs
top = 1

[publication]   # the first table
title = "A # in text, an = and a ]"
postal_address = """
[not a table]
not = "a key"
"""
literal = \'\'\'
x = 1 \'\'\'
[delivery]
rate = "14/s"
days = [
  1, # [no]
  2,
]
smtp = { host = "localhost", port = 25, inner = { deep = [1, 2] } }
when = 2026-11-24T10:00:00Z
"quoted key".'other one' = 1.5

[[feeds]]
url = "a"
[[feeds]]
url = "b"
[a."b.c".d]
e = -1
'''


def test_every_key_is_found_on_its_line() -> None:
    lines = key_lines(SAMPLE)
    rows = SAMPLE.splitlines()

    assert {path[-1]: rows[line - 1].lstrip()[:12] for path, line in lines.items() if path} == {
        "top": "top = 1",
        "publication": "[publication",
        "title": 'title = "A #',
        "postal_address": "postal_addre",
        "literal": "literal = ''",
        "delivery": "[delivery]",
        "rate": 'rate = "14/s',
        "days": "days = [",
        "smtp": "smtp = { hos",
        "host": "smtp = { hos",
        "port": "smtp = { hos",
        "inner": "smtp = { hos",
        "deep": "smtp = { hos",
        "when": "when = 2026-",
        "quoted key": '"quoted key"',
        "other one": '"quoted key"',
        "feeds": "[[feeds]]",
        "url": 'url = "a"',
        "a": '[a."b.c".d]',
        "b.c": '[a."b.c".d]',
        "d": '[a."b.c".d]',
        "e": "e = -1",
    }
    assert lines["delivery", "smtp", "inner", "deep"] == 18


def test_a_table_is_where_its_header_is_even_when_a_part_of_it_came_first() -> None:
    assert key_lines("[a.b]\nx = 1\n[a]\ny = 2\n")[("a",)] == 3


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing"])
def test_nothing_is_found_in_nothing(text: str) -> None:
    assert key_lines(text) == {}


_names = st.text(st.sampled_from("abc-_01"), min_size=1, max_size=4)
_quoted = st.text(st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=32), max_size=8)
_scalars = st.one_of(st.integers(-9, 9), st.booleans(), _quoted)
_values = st.one_of(_scalars, st.lists(_scalars, max_size=3))
_documents = st.dictionaries(
    st.one_of(_names, _quoted),
    st.one_of(_values, st.dictionaries(_quoted, _values, max_size=3)),
    max_size=5,
)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[\n" + "".join(f"  {_toml(item)}, # [{{\n" for item in value) + "]"
        case dict():
            return "{ " + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + " }"
        case _:
            return str(value)


def _paths(data: dict[str, Any], at: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for name, value in data.items():
        found.add((*at, name))
        if isinstance(value, dict):
            found |= _paths(value, (*at, name))
    return found


@given(_documents)
def test_the_keys_found_are_the_keys_there_are(document: dict[str, Any]) -> None:
    text = "".join(f"{_toml(name)} = {_toml(value)}\n" for name, value in document.items())
    rows = text.split("\n")

    lines = key_lines(text)

    assert tomllib.loads(text) == document
    assert set(lines) == _paths(document)
    for name in document:
        assert rows[lines[(name,)] - 1].startswith(_toml(name))
