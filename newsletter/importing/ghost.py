"""Posts in an export of Ghost: one JSON file, with the pictures beside it if they were exported as well."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.importing.matter import read_day
from newsletter.importing.posts import Files, LeftOut, Post

_ADDRESS = "__GHOST_URL__"


def find_ghost(files: Files) -> tuple[str, Mapping[str, Any]] | None:
    """The export among the files, its name and its tables; None when there is none."""
    for name in files.names:
        if not name.lower().endswith(".json") or name.count("/") > 1:
            continue
        try:
            document = json.loads(files.read(name).decode("utf-8-sig"))
        except (ValueError, RecursionError):
            continue
        found = document.get("db") if isinstance(document, dict) else None
        top = found[0] if isinstance(found, list) and found else document
        tables = top.get("data") if isinstance(top, dict) else None
        if isinstance(tables, dict) and isinstance(tables.get("posts"), list):
            return name, tables
    return None


def read_ghost(name: str, tables: Mapping[str, Any]) -> Iterator[Post | LeftOut]:
    """Every post of the export `name`, in its order; pages are no posts."""
    tags = _tags(tables)
    extra = {row.get("post_id"): row for row in _rows(tables, "posts_meta")}
    for row in _rows(tables, "posts"):
        file = f"{name} ({_text(row, 'slug') or _text(row, 'id')})"
        if _text(row, "type") == "page" or row.get("page") in (True, 1):
            yield LeftOut(file, "it is a page, not a post")
        elif _text(row, "status") not in ("published", "sent"):
            yield LeftOut(file, f"it is marked as {_text(row, 'status') or 'unfinished'}")
        else:
            yield _post(file, row, tags.get(row.get("id"), ()), extra.get(row.get("id"), {}))


def _post(
    file: str, row: Mapping[str, Any], tags: tuple[str, ...], extra: Mapping[str, Any]
) -> Post | LeftOut:
    day = read_day(_text(row, "published_at") or _text(row, "created_at"))
    if day is None:
        return LeftOut(file, "it has no date", failed=True)
    html = _text(row, "html").replace(_ADDRESS, "")
    if not html.strip():
        return LeftOut(file, "the export holds no text of it", failed=True)
    slug = _text(row, "slug")
    return Post(
        file=file,
        title=" ".join(_text(row, "title").split()) or slug.replace("-", " ").capitalize() or "Untitled",
        date=day,
        slug=slug,
        text=html,
        html=True,
        tags=tags,
        description=" ".join((_text(row, "custom_excerpt") or _text(extra, "email_subject")).split()),
        canonical=_text(row, "canonical_url").replace(_ADDRESS, ""),
        path=f"/{slug}/" if slug else "",
        cover=_text(row, "feature_image").replace(_ADDRESS, ""),
        cover_alt=_text(extra, "feature_image_alt"),
        members=_text(row, "visibility") in ("paid", "members", "tiers"),
    )


def _tags(tables: Mapping[str, Any]) -> dict[Any, tuple[str, ...]]:
    """The names of each post's tags; those for internal use begin with #."""
    names = {row.get("id"): _text(row, "name") for row in _rows(tables, "tags")}
    found: defaultdict[Any, list[str]] = defaultdict(list)
    for row in _rows(tables, "posts_tags"):
        name = names.get(row.get("tag_id"), "")
        if name and not name.startswith("#"):
            found[row.get("post_id")].append(name)
    return {post: tuple(dict.fromkeys(tags)) for post, tags in found.items()}


def _rows(tables: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    rows = tables.get(name)
    return (row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
