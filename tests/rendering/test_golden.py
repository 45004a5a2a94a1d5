"""One issue that uses every construct, rendered in full and compared with files that were looked at by eye.

After a wanted change, write the files anew with

    GOLDEN=write .venv/bin/pytest tests/rendering/test_golden.py

and look at the difference before committing it. HTML is stored with a line break before each block.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from newsletter.document import Merge
from newsletter.model import Edition, Issue, PictureFile, Segments, Tier
from newsletter.rendering.web import render_web
from newsletter.writing.citations import Bibliography
from tests.rendering.theming import WORDS

GOLDEN = Path(__file__).parent / "golden"
_BLOCK = re.compile(r"(?<!\n)(<(?:table|tr|td|th|div|h[1-6]|p|ul|ol|li|style|meta|body|/head|!--\[)\b)")


def shown(segments: Segments) -> str:
    return "".join(
        f"{{{{ {each.name} or {each.fallback!r} }}}}" if isinstance(each, Merge) else each
        for each in segments
    )


def readable(html: str) -> str:
    return _BLOCK.sub(r"\n\1", html)


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} differs; see the docstring of this file"


@pytest.mark.parametrize("tier", list(Tier))
def test_mail_html(edition: Edition, tier: Tier) -> None:
    compare(f"{tier}.html", readable(shown(edition.rendition(tier).html)))


@pytest.mark.parametrize("tier", list(Tier))
def test_mail_text(edition: Edition, tier: Tier) -> None:
    compare(f"{tier}.txt", shown(edition.rendition(tier).text))


@pytest.mark.parametrize("tier", list(Tier))
def test_web(
    issue: Issue, bibliography: Bibliography, pictures: Mapping[str, PictureFile], tier: Tier
) -> None:
    body = render_web(issue, bibliography, pictures, picture_href=lambda src: src, words=WORDS, tier=tier)
    parts = [body.intro]
    for nugget in body.nuggets:
        parts.append(f'<h2 id="{nugget.anchor}">{nugget.title_html}</h2>\n{nugget.html}')
    parts.append(f"<p>{body.members_note}</p>\n")
    parts += [f'<p id="ref-{each.key}">{each.number} {each.html}</p>\n' for each in body.references]
    compare(f"{tier}-web.html", "\n".join(parts))
