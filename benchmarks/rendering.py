"""How long an issue takes from Markdown to the finished mail, against markdown-it-py alone on the same text.

“Finished” means both tiers in HTML and plain text, sanitised, styled, cut at the merge fields, weighed and
frozen with their digest. markdown-it-py makes one HTML body of the same text: bare CommonMark, and with what
our dialect has too (tables, strikethrough, footnotes, typographic punctuation). Run it with:
python benchmarks/rendering.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from newsletter.clock import SystemClock
from newsletter.files.themes import open_theme
from newsletter.publication import Publication
from newsletter.rendering.edition import build_edition
from newsletter.writing.citations import Bibliography
from newsletter.writing.issue import Source, read_issue

ROOT = Path(__file__).resolve().parents[1]
SIZES = (300, 3000)
GOALS = {300: 2.0, 3000: 1.5}
FRONT = "---\ntitle: A measured issue\npreheader: How long does it take?\n---\n"


def texts(publication: Publication) -> dict[int, str]:
    """Pieces of the sample issues, one after the other, of about so many words."""
    pieces: list[str] = []
    for file in publication.issue_files:
        body = file.read().text.split("---\n", 2)[2]
        body = body.split("\n:::members", 1)[0].split("\n[^", 1)[0]
        pieces += [piece for piece in body.split("\n## ") if "[^" not in piece and "{{" not in piece]
    found = {}
    for size in SIZES:
        chosen: list[str] = []
        for piece in pieces * 3:
            words = sum(len(each.split()) for each in chosen)
            if words >= size:
                break
            # whole paragraphs, so that a small text has the right size too
            kept: list[str] = []
            for paragraph in piece.split("\n\n"):
                if words < size:
                    kept.append(paragraph)
                    words += len(paragraph.split())
            chosen.append("\n\n".join(kept))
        found[size] = "\n\n## ".join(chosen)
    return found


def measure(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each job in each round, taken in turn, so that a busy machine is busy for all."""
    for job in jobs.values():
        job()
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            times[name].append((time.perf_counter() - begun) * 1000)
    return times


def main() -> int:
    """Measures and prints a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    publication = Publication.open(ROOT, environ={}, clock=SystemClock())
    references = publication.reference_files.read()[0]
    theme, facts = publication.theme, publication.facts
    bare = MarkdownIt("commonmark")
    alike = MarkdownIt("commonmark", {"typographer": True})
    alike.enable(["table", "strikethrough", "replacements", "smartquotes"]).use(footnote_plugin)

    def whole(text: str) -> None:
        source = Source("issues/2026-01-01-x.md", "x", date(2026, 1, 1), FRONT + text)
        issue = read_issue(source)
        identity = publication.identity_for(issue)
        build_edition(issue, Bibliography(issue.body, references), {}, theme, facts, identity)

    def first(text: str) -> None:
        """With a theme just opened, as a command does it: every template is compiled."""
        source = Source("issues/2026-01-01-x.md", "x", date(2026, 1, 1), FRONT + text)
        issue = read_issue(source)
        fresh = open_theme(theme.name, ROOT / "templates", facts.language)
        identity = publication.identity_for(issue)
        build_edition(issue, Bibliography(issue.body, references), {}, fresh, facts, identity)

    print(f"milliseconds, median of {rounds} rounds; ratios are taken round by round")
    for size, text in texts(publication).items():
        jobs: dict[str, Callable[[], object]] = {
            "markdown-it-py, bare": lambda text=text: bare.render(text),  # type: ignore[misc] # text is bound
            "markdown-it-py, alike": lambda text=text: alike.render(text),  # type: ignore[misc] # as above
            "Markdown to mail": lambda text=text: whole(text),  # type: ignore[misc] # as above
        }
        times = measure(jobs, rounds)
        cold = measure({"first": lambda text=text: first(text)}, max(3, rounds // 20))["first"]  # type: ignore[misc] # as above
        mail = times["Markdown to mail"]
        print(f"\n{len(text.split()):,} words (goal: {GOALS[size]} times markdown-it-py)")
        for name, taken in times.items():
            ratios = [mine / theirs for mine, theirs in zip(mail, taken, strict=True)]
            against = "" if taken is mail else f"   mail takes {statistics.median(ratios):.2f} times as long"
            print(f"  {name:<24}{statistics.median(taken):8.2f}{against}")
        print(f"  {'the first of a process':<24}{statistics.median(cold):8.2f}")
    publication.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
