"""Whether an entry is one that was there before: by its GUID, else its link, else its title and date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

from newsletter.gathering.entries import Entry, address_key
from newsletter.gathering.uses import Use
from newsletter.model import FeedSource


class Links:
    """Which links of a feed tell its entries apart: not those that entries with different GUIDs share."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        names: defaultdict[str, set[str]] = defaultdict(set)
        for entry in entries:
            names[address_key(entry.url)].add(entry.guid)
        self._shared = {key for key, guids in names.items() if len(guids) > 1}

    def names(self, entry: Entry) -> bool:
        """True when the link alone names the entry; the address of a whole site never does."""
        key = address_key(entry.url)
        return bool(key) and key not in self._shared and not _is_home(entry.url)


class Memory:
    """The entries that were used, to be found again under whatever name the feed gives them now."""

    def __init__(self, uses: Iterable[Use] = ()) -> None:
        self._by_guid: defaultdict[str, list[Use]] = defaultdict(list)
        self._by_link: defaultdict[str, list[Use]] = defaultdict(list)
        self._by_title: defaultdict[str, list[Use]] = defaultdict(list)
        for use in uses:
            self.add(use)

    def add(self, use: Use) -> None:
        """Remembers one more."""
        source = use.source
        if source.guid:
            self._by_guid[source.guid].append(use)
        if key := address_key(source.url):
            self._by_link[key].append(use)
        if source.title:
            self._by_title[_title_key(source.title)].append(use)

    def find(self, entry: Entry, links: Links) -> list[Use]:
        """Every use of `entry`, as added; empty when it is new. `links` are those of its feed."""
        same_guid = self._by_guid.get(entry.guid, ()) if entry.guid else ()
        same_link = self._by_link.get(address_key(entry.url), ()) if entry.url else ()
        same_title = self._by_title.get(_title_key(entry.title), ()) if entry.title else ()
        named = links.names(entry)
        found = [use for use in same_guid if _may_share_guid(use.source, entry)]
        found += (use for use in same_link if named or _same_words(use.source, entry))
        found += (use for use in same_title if _same_piece(use.source, entry))
        return list({id(use): use for use in found}.values())


def _may_share_guid(source: FeedSource, entry: Entry) -> bool:
    """GUIDs that are no addresses ("1234") mean something only within their feed."""
    return source.feed in ("", entry.feed) or ":" in entry.guid


def _same_words(source: FeedSource, entry: Entry) -> bool:
    """For entries that share a link: the title or the whole text is the same."""
    return _title_key(source.title) == _title_key(entry.title) or source.hash == entry.content_hash != ""


def _same_piece(source: FeedSource, entry: Entry) -> bool:
    """For entries of the same title: it appeared on the same day, and nothing speaks against it."""
    if source.date is None or entry.date is None or source.date != entry.date.date():
        return False
    if source.hash and entry.content_hash:
        # a site that moved: GUIDs and links are new, the words are not
        return source.hash == entry.content_hash or _nameless(source, entry)
    return _nameless(source, entry)


def _nameless(source: FeedSource, entry: Entry) -> bool:
    return not ((source.guid and entry.guid) or (source.url and entry.url))


def _title_key(title: str) -> str:
    return " ".join(title.casefold().split())


def _is_home(address: str) -> bool:
    parts = urlsplit(address)
    return not parts.path.strip("/") and not parts.query and not parts.fragment
