"""A reference written out in full: the author-year way and the Vancouver way, for the kinds that issues cite.

Both are our own compact forms of the two families; everything that is missing in a reference is left out with
its punctuation.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from newsletter.document import Emphasis, Inline, Link, Text
from newsletter.model import Reference
from newsletter.writing.names import harvard_names, vancouver_names
from newsletter.writing.punctuation import Typographer

_WHOLE_WORKS = frozenset({"book", "thesis", "report", "dataset"})
_PARTS_OF_BOOKS = frozenset({"chapter", "paper-conference"})
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAY = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")


class _Line:
    """A reference while it is written: sentences of text and emphasis."""

    def __init__(self) -> None:
        self.nodes: list[Inline] = []

    def text(self, text: str) -> None:
        if text:
            if self.nodes and isinstance(self.nodes[-1], Text):
                text = self.nodes.pop().text + text  # type: ignore[union-attr] # just seen to be Text
            self.nodes.append(Text(text))

    def title(self, text: str, *, emphasis: bool) -> None:
        text = Typographer().smarten(text)
        if not emphasis:
            self.text(text)
        elif text:
            self.nodes.append(Emphasis((Text(text),)))

    def stop(self) -> None:
        """Ends the sentence, unless it ends itself."""
        last = self.nodes[-1] if self.nodes else None
        while isinstance(last, Emphasis | Link):
            last = last.children[-1]
        if isinstance(last, Text) and not last.text.endswith((".", "?", "!", "…")):
            self.text(".")

    def space(self) -> None:
        if self.nodes:
            self.text(" ")

    def sentence(self, text: str) -> None:
        if text:
            self.space()
            self.text(text)
            self.stop()

    def links(self, reference: Reference) -> None:
        """DOI and PubMed, or else the address, each a link."""
        if reference.doi:
            address = f"https://doi.org/{quote(reference.doi, safe='/:;()._-<>')}"
            self._link(address.replace("<", "%3C").replace(">", "%3E"), f"doi:{reference.doi}")
        if reference.pmid.isdigit():
            self._link(f"https://pubmed.ncbi.nlm.nih.gov/{reference.pmid}/", "PubMed")
        if not reference.doi and (host := _host(reference.url)):
            self._link(reference.url, host)

    def _link(self, href: str, words: str) -> None:
        self.space()
        self.nodes.append(Link(href, (Text(words),)))

    def done(self) -> tuple[Inline, ...]:
        return tuple(self.nodes)


def harvard(reference: Reference, year: str) -> tuple[Inline, ...]:
    """“Warren, J. (1978). Title. *Lancet*, 2(8085), 123–4. doi:…”; `year` comes with its letter, if any."""
    line = _Line()
    names = harvard_names(reference.authors) or _edited(harvard_names(reference.editors), reference)
    if names:
        line.text(f"{names} ({year}).")
        line.space()
        _title(line, reference)
    else:
        _title(line, reference)
        line.text(f" ({year}).")
    if reference.kind in _PARTS_OF_BOOKS:
        _in_book(line, reference, harvard_names(reference.editors) if reference.authors else "")
    elif reference.container:
        line.space()
        line.title(reference.container, emphasis=reference.kind not in _WHOLE_WORKS)
        number = f"({reference.number})" if reference.number else ""
        line.text(f", {reference.volume}{number}" if reference.volume or number else "")
        line.text(f", {reference.pages}" if reference.pages else "")
        line.stop()
    line.sentence(_imprint(reference))
    line.sentence(_accessed(reference))
    line.links(reference)
    return line.done()


def vancouver(reference: Reference) -> tuple[Inline, ...]:
    """“Warren J. Title. *Lancet*. 1978;2(8085):123–4. doi:…”."""
    line = _Line()
    names = vancouver_names(reference.authors) or _edited(vancouver_names(reference.editors), reference)
    line.sentence(names)
    line.space()
    _title(line, reference)
    year = reference.year
    if reference.kind in _PARTS_OF_BOOKS:
        _in_book(line, reference, vancouver_names(reference.editors) if reference.authors else "")
        line.sentence("; ".join(part for part in (_imprint(reference), year) if part))
    elif reference.container and reference.kind not in _WHOLE_WORKS:
        line.space()
        line.title(reference.container, emphasis=True)
        line.stop()
        number = f"({reference.number})" if reference.number else ""
        place = f"{reference.volume}{number}"
        pages = f":{reference.pages}" if reference.pages else ""
        line.sentence(f"{year}{';' if year and place else ''}{place}{pages}".lstrip(":"))
        line.sentence(_imprint(reference))
    else:
        line.sentence(reference.container)
        line.sentence("; ".join(part for part in (_imprint(reference), year) if part))
    line.sentence(_accessed(reference))
    line.links(reference)
    return line.done()


def _title(line: _Line, reference: Reference) -> None:
    whole = reference.kind in _WHOLE_WORKS
    line.title(reference.title or reference.key, emphasis=whole)
    if reference.edition:
        line.text(f" ({_edition(reference.edition)})")
    if reference.kind == "thesis":
        line.text(" [thesis]")
    elif reference.kind == "article":
        line.text(" [preprint]")
    elif reference.kind == "dataset":
        line.text(" [data set]")
    line.stop()


def _in_book(line: _Line, reference: Reference, editors: str) -> None:
    if not reference.container:
        return
    line.space()
    line.text(f"In {_edited(editors, reference)}, " if editors else "In ")
    line.title(reference.container, emphasis=True)
    line.text(f" (pp. {reference.pages})" if reference.pages else "")
    line.stop()


def _edited(names: str, reference: Reference) -> str:
    if not names:
        return ""
    return f"{names} ({'eds' if len(reference.editors) > 1 else 'ed.'})"


def _edition(edition: str) -> str:
    """“2” as “2nd ed.”; what is more than a number as it stands."""
    if not edition.isdigit():
        return edition if "ed" in edition.lower() else f"{edition} ed."
    number = int(edition)
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} ed."


def _imprint(reference: Reference) -> str:
    return ": ".join(part for part in (reference.place, reference.publisher) if part)


def _accessed(reference: Reference) -> str:
    if not reference.accessed or reference.doi:
        return ""
    day = _DAY.fullmatch(reference.accessed)
    if day is None or not 1 <= int(day[2]) <= len(_MONTHS):
        return f"Accessed {reference.accessed}"
    written = [str(int(day[3]))] if day[3] else []
    return " ".join(["Accessed", *written, _MONTHS[int(day[2]) - 1], day[1]])


def _host(url: str) -> str:
    """The name of the site, as the words of its link; "" when `url` is not a web address."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            return ""
        return (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
