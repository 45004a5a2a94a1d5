"""The bare address of a video on a line of its own, with what the lines below it tell, becomes a `Video`."""

from __future__ import annotations

import re

from newsletter.document import Inline, Picture, Video
from newsletter.errors import Level
from newsletter.writing.cleaning import clean
from newsletter.writing.inlines import InlineReader, normal_address, picture
from newsletter.writing.notes import judge_title
from newsletter.writing.report import Report

_SITES = (
    (
        "YouTube",
        r"(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:\S*&)?v=|shorts/|live/|embed/)[\w-]+"
        r"|youtu\.be/[\w-]+",
    ),
    (
        "Vimeo",
        r"(?:www\.)?vimeo\.com/(?:channels/[\w-]+/|groups/[\w-]+/videos/)?\d+|player\.vimeo\.com/video/\d+",
    ),
    ("Dailymotion", r"(?:www\.)?dailymotion\.com/video/\w+|dai\.ly/\w+"),
    ("TED", r"(?:www\.)?ted\.com/talks/\w+"),
)
_ADDRESSES = tuple(
    (re.compile(rf"https?://(?:{pattern})(?:[/?&#]\S*)?", re.IGNORECASE), name) for name, pattern in _SITES
)
_ELSEWHERE = re.compile(
    r"https?://([^\s/?#@:]+\.[^\s/?#@:]+)(?::\d+)?/"
    # a film as a file, or a page as PeerTube has them on every site
    r"(?:[^\s?#]+\.(?:mp4|m4v|webm|mov|ogv)(?:[?#]\S*)?|(?:w|videos/watch)/[\w-]{22,36}(?:[/?#]\S*)?)",
    re.IGNORECASE,
)


def video_site(address: str) -> str:
    """The name of the place where a video is, such as “YouTube”; "" when `address` is not that of a video."""
    for pattern, name in _ADDRESSES:
        if pattern.fullmatch(address):
            return name
    elsewhere = _ELSEWHERE.fullmatch(address)
    return elsewhere[1].lower().removeprefix("www.") if elsewhere else ""


def read_video(content: str, line: int, inlines: InlineReader, report: Report) -> Video | None:
    """The video whose address is the first line of a paragraph; None when that is no address of a video.

    A line that is a picture and nothing else is the still, all other lines are the title; without such lines
    the title of the picture is.
    """
    if not content.startswith(("http", "<http")):
        return None
    address, *lines = content.split("\n")
    address = clean(address).strip()
    if address.startswith("<") and address.endswith(">"):
        address = address[1:-1]
    site = video_site(address)
    if not site:
        return None
    still: Picture | None = None
    title: tuple[Inline, ...] = ()
    words = "\n".join(lines)
    for number, text in enumerate(lines):
        if (token := inlines.image(text.strip())) is not None:
            at = line + 1 + number
            still = picture(token, at)
            words = "\n".join(lines[:number] + lines[number + 1 :])
            caption = " ".join(clean(str(token.attrs.get("title", ""))).split())
            if caption and words:
                hint = "Write the title of the video into one of the two places."
                message = "The video has a title already; that of its picture is not shown."
                report("lost-caption", message, at, hint, Level.WARNING)
            title = inlines.read(caption, at) if caption and not words else ()
            break
    title = inlines.read(words, line + 1) if words else title
    judge_title(title, line, report)
    return Video(normal_address(address), site, title, still, line)
