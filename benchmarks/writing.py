"""What writing costs: from Markdown to finished mail, checks over a thousand issues, many references.

Everything is measured in turn with a reference in the same run (reference, ours, reference, ours, …), as CPU
time; quote the ratios. Run it with: python benchmarks/writing.py [ISSUES] [ROUNDS]
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from markdown_it import MarkdownIt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from newsletter.actions.check import check_files
from newsletter.actions.create import create_publication
from newsletter.clock import SystemClock
from newsletter.errors import Level
from newsletter.files.themes import open_theme
from newsletter.model import Identity
from newsletter.publication import Publication
from newsletter.rendering.edition import Facts, build_edition
from newsletter.writing.citations import Bibliography
from newsletter.writing.issue import Source, read_issue
from newsletter.writing.references import BibtexFile

VOCABULARY = """
a the of and in to that is was for with as on by at from pain muscle clot vein leg massage therapist reader
study trial year people evidence claim question answer nerve back knee case report doctor patient often never
"""
WORDS = VOCABULARY.split()
FACTS = Facts(title="T", url="https://t.example.org/", language="en", postal_address="1 Street")
IDENTITY = Identity(
    from_name="T",
    from_address="t@example.org",
    return_path="t@example.org",
    list_id="t.example.org",
    list_name="T",
    unsubscribe_mailbox="t@example.org",
    unsubscribe_base="https://t.example.org/unsubscribe/",
    issue_url="https://t.example.org/x/",
)
ENTRY = """\
@article{{key{number},
  author  = {{Behera, Chittaranjan and M{{\\"u}}ller, J{{\\"o}}rg and van der Berg, A. B.}},
  title   = {{Leg massage by {{Mother}} number {number} resulting in fatal pulmonary thromboembolism}},
  journal = {{Medico-Legal Journal}}, year = 2018, volume = "86", pages = {{1--{number}}},
  doi     = {{10.1177/00258172187614{number}}},
}}

"""


def prose(dice: random.Random, words: int) -> str:
    """Words as people write them: sentences with a link, stress or a citation here and there."""
    written, sentence = [], 0
    for count in range(words):
        word = dice.choice(WORDS)
        match dice.randrange(60):
            case 0:
                word = f"[{word}](https://example.org/{word})"
            case 1:
                word = f"*{word}*"
            case 2:
                word = f'"{word}"'
            case 3 if count > 20:
                word = f"{word} [@key{dice.randrange(40)}]"
        sentence += 1
        if sentence > 12 and dice.random() < 0.2:
            word, sentence = f"{word}.", 0
        written.append(word)
    lines = [" ".join(written[at : at + 16]) for at in range(0, len(written), 16)]
    return "\n".join(lines)


def text(words: int, seed: int = 1) -> str:
    """The text of an issue: a nugget for every 150 words, with a list, a quotation or a table in each."""
    dice = random.Random(seed)
    parts = [f'Dear {{{{ first_name or "reader" }}}},\n\n{prose(dice, 40)}']
    for number in range(max(1, (words - 40) // 150)):
        parts.append(f"## Nugget {number} {dice.choice(WORDS)}")
        parts += [prose(dice, 60), prose(dice, 50)]
        match number % 3:
            case 0:
                parts.append("\n".join(f"- {prose(dice, 10)}" for _ in range(4)))
            case 1:
                parts.append(f"> {prose(dice, 16)}\n> — Warren, 1978")
            case _:
                rows = "\n".join(f"| {prose(dice, 6)} | 1 |" for _ in range(4))
                parts.append(f"| a | b |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


FRONT = """\
---
title: An issue called {number}
preheader: It goes on where the subject stops, and says a little more than that
date: {day}
status: ready
---

"""


def seconds(work: Callable[[], object], times: int) -> float:
    """CPU seconds for one go."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def pairs(reference: Callable[[], object], ours: Callable[[], object], rounds: int, times: int = 1) -> str:
    """Both in turn: the medians in milliseconds, and the median ratio with its range."""
    found = [(seconds(reference, times), seconds(ours, times)) for _ in range(rounds)]
    ratios = sorted(mine / theirs for theirs, mine in found)
    theirs, mine = (statistics.median(pair[side] for pair in found) * 1000 for side in (0, 1))
    return (
        f"{theirs:>11.2f}{mine:>11.2f}{statistics.median(ratios):>9.2f}   [{ratios[0]:.2f}-{ratios[-1]:.2f}]"
    )


def issue(words: int, rounds: int) -> str:
    """Markdown to finished mail, both tiers with HTML and text, against markdown-it-py's HTML of the text."""
    written = text(words)
    theme = open_theme("plain", Path("nowhere"), "en")
    references = {one.key: one for one in BibtexFile(library(40), "b").read()[0]}
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    source = Source("issues/x.md", "x", date(2026, 1, 1), FRONT.format(number=1, day="2026-01-01") + written)

    def ours() -> None:
        read = read_issue(source)
        build_edition(read, Bibliography(read.body, references), {}, theme, FACTS, IDENTITY)

    def parse_only() -> None:
        read_issue(source)

    ours()
    times = max(1, 3000 // words)
    whole = pairs(lambda: parser.render(written), ours, rounds, times)
    parsed = pairs(lambda: parser.parse(written), parse_only, rounds, times)
    return f"{words:>5,} words to mail           {whole}\n{words:>5,} words, parsing alone   {parsed}"


def library(entries: int) -> str:
    """A BibTeX file."""
    return "".join(ENTRY.format(number=number) for number in range(entries))


def publication(folder: Path, issues: int, entries: int) -> Publication:
    """A publication of so many issues of 800 words, and so many references."""
    made = create_publication(folder, date(2020, 1, 1)).folder
    for path in (made / "issues").iterdir():
        path.unlink()
    (made / "issues/references.bib").write_text(library(entries), encoding="utf-8")
    for number in range(issues):
        day = date(2020, 1, 1) + timedelta(days=number)
        front = FRONT.format(number=number, day=day)
        path = made / f"issues/{day}-issue-{number}.md"
        path.write_text(front + text(800, number), encoding="utf-8")
    return opened(made)


class Long(SystemClock):
    """The day before all these issues, so that none of them is late."""

    def now(self) -> datetime:
        """A day in 2019."""
        return datetime(2019, 1, 1, tzinfo=UTC)


def opened(folder: Path) -> Publication:
    """The publication in `folder`, with nothing read yet."""
    return Publication.open(folder, environ={}, clock=Long())


def checks(issues: int, rounds: int) -> str:
    """`check` over all issues, against only reading and rendering each of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = publication(Path(scratch) / "letter", issues, 5000).folder

        def render() -> None:
            made = opened(folder)
            for file in made.issue_files:
                made.edition(made.issue(file))

        def check() -> None:
            made = opened(folder)
            checked = check_files(made, made.issue_files)
            assert checked.issues == issues
            assert not checked.count(Level.ERROR), checked.problems[:3]

        return f"check of {issues:>5,} issues        {pairs(render, check, rounds)}"


def references(rounds: int) -> list[str]:
    """What 5,000 references cost an issue that cites 10 of them, against a file of these 10."""
    many, few = library(5000), library(10)
    keys = {f"key{number}" for number in range(10)}
    front = FRONT.format(number=1, day="2026-01-01")
    body = read_issue(Source("issues/x.md", "x", date(2026, 1, 1), front + text(300))).body

    def cite(written: str) -> Bibliography:
        works = {work.key: work for work in BibtexFile(written, "b").read(keys)[0]}
        assert len(works) == 10
        return Bibliography(body, works)

    return [
        f"10 of 5,000 references      {pairs(lambda: cite(few), lambda: cite(many), rounds)}",
        f"  the same, all surveyed    "
        f"{pairs(lambda: cite(few), lambda: (cite(many), BibtexFile(many, 'b').survey()), rounds)}",
    ]


def main() -> int:
    """Measures and prints a table."""
    issues = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print(f"{'':28}{'reference':>11}{'ours':>11}{'ratio':>9}   (CPU ms, medians of {rounds} pairs)")
    for words in (300, 3000):
        print(issue(words, rounds))
    for line in references(rounds):
        print(line)
    print(checks(issues, min(rounds, 3)))
    print(
        "References: markdown-it-py alone; these 10 works alone in a file; reading and rendering the issues."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
