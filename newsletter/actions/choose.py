"""Which issue is meant: by its slug, its file's name, or a path to it."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import RefusedError
from newsletter.model import IssueStatus

if TYPE_CHECKING:
    from newsletter.files.issues import IssueFile
    from newsletter.publication import Publication


def find_issue(publication: Publication, name: str) -> IssueFile:
    """The issue that `name` means: `six-clots`, `2026-11-24-six-clots`, with or without `.md`, or a path.

    Raises RefusedError, with the slugs that come near, when there is none.
    """
    files = publication.issue_files
    for file in files:
        stem = file.folder.name if file.path.name == "index.md" else file.path.stem
        if name in (file.slug, file.file, stem, f"{stem}.md"):
            return file
    wanted = Path(name).resolve()
    for file in files:
        if wanted in (file.path.resolve(), file.folder.resolve() if file.path.name == "index.md" else None):
            return file
    slugs = [file.slug for file in files]
    near = get_close_matches(name, slugs, 3, 0.5) or slugs[-3:]
    hint = f"Did you mean {' or '.join(near)}?" if near else 'Write one with: newsletter new "TITLE"'
    raise RefusedError(f"There is no issue called {name}.", hint=hint, code="unknown-issue")


def newest_issue(publication: Publication) -> IssueFile:
    """The newest issue that is not merely archived. Raises RefusedError when there is none."""
    for file in reversed(publication.issue_files):
        if publication.issue(file).status is not IssueStatus.ARCHIVED:
            return file
    raise RefusedError(
        "There is no issue yet.", hint='Write one with: newsletter new "TITLE"', code="unknown-issue"
    )
