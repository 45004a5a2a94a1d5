"""All pictures of an issue at once: those that can be used, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

from newsletter.document import Picture
from newsletter.errors import ContentError, Problem
from newsletter.files.pictures import read_picture
from newsletter.model import Issue, PictureFile
from newsletter.writing.walk import walk


def read_pictures(folder: Path, issue: Issue) -> tuple[dict[str, PictureFile], list[Problem]]:
    """What is known of each picture of the issue that lies in `folder`, by its name in the text.

    Pictures that cannot be used are among the problems; those that are not there, or elsewhere, in neither.
    """
    found: dict[str, PictureFile] = {}
    problems: list[Problem] = []
    for node, place in walk(issue.body):
        if isinstance(node, Picture) and node.src not in found and "://" not in node.src:
            try:
                picture = read_picture(folder, node.src, file=issue.file, line=place.line)
            except ContentError as error:
                problems += error.problems
            else:
                if picture is not None:
                    found[node.src] = picture
    return found, problems
