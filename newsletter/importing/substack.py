"""Posts in an export of Substack: a table of all, and a page of HTML for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from newsletter.errors import NewsletterError
from newsletter.importing.matter import read_day
from newsletter.importing.posts import Files, LeftOut, Post

TABLE = "posts.csv"


def read_substack(files: Files) -> Iterator[Post | LeftOut]:
    """Every post of the table, in its order."""
    table = next(name for name in files.names if PurePosixPath(name).name == TABLE)
    folder = PurePosixPath(table).parent
    pages = {PurePosixPath(name).stem: name for name in files.names if name.endswith(".html")}
    text = files.read(table).decode("utf-8-sig", "replace").replace("\0", "")
    for row in csv.DictReader(io.StringIO(text, newline="")):
        key = (row.get("post_id") or "").strip()
        page = pages.get(key)
        file = page or (folder / "posts" / f"{key}.html").as_posix()
        yield _post(files, file, key, row) if page else _without_page(file, row)


def _post(files: Files, file: str, key: str, row: Mapping[str, str | None]) -> Post | LeftOut:
    if not _is_true(row.get("is_published")):
        return LeftOut(file, "it was not published")
    day = read_day(row.get("post_date") or "")
    if day is None:
        return LeftOut(file, "the table has no date for it", failed=True)
    try:
        html = files.read(file).decode("utf-8", "replace")
    except NewsletterError as error:
        return LeftOut(file, error.problems[0].message, failed=True)
    slug = key.partition(".")[2] or key
    return Post(
        file=file,
        title=" ".join((row.get("title") or "").split()) or slug.replace("-", " ").capitalize(),
        date=day,
        slug=slug,
        text=html,
        html=True,
        description=" ".join((row.get("subtitle") or "").split()),
        path=f"/p/{slug}",
        members=(row.get("audience") or "") in ("only_paid", "founding"),
    )


def _without_page(file: str, row: Mapping[str, str | None]) -> LeftOut:
    published = _is_true(row.get("is_published"))
    return LeftOut(
        file, "its page is not in the export" if published else "it was not published", failed=published
    )


def _is_true(value: str | None) -> bool:
    return (value or "").strip().lower() in ("true", "1", "yes")
