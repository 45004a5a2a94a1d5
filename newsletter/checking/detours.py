"""Rules about links that do not lead straight where they say: shortened, tracked, or not links at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlunsplit

from newsletter.checking.links import split_address
from newsletter.checking.rule import Finding, rule
from newsletter.checking.view import View
from newsletter.errors import Level

_TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|hsa_\w+|_hs(?:enc|mi)|(?:fb|g|ms|y|tt|dc|wbra|gbra)clid"
    r"|mc_[ce]id|igsh(?:id)?|vero_(?:id|conv)|oly_(?:anon|enc)_id|mkt_tok|twclid|li_fat_id|ref_src|ref_url"
    r"|s_cid|wickedid|_openstat|ck_subscriber_id",
    re.IGNORECASE,
)
_SHORTENERS = frozenset(
    {
        *("adf.ly", "amzn.to", "bit.do", "bit.ly", "bitly.com", "bl.ink", "buff.ly", "chng.it", "cutt.ly"),
        *("dlvr.it", "fb.me", "flip.it", "geni.us", "gg.gg", "goo.gl", "ht.ly", "ift.tt", "is.gd", "j.mp"),
        *("lnkd.in", "nyti.ms", "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "short.io", "shorturl.at"),
        *("snip.ly", "t.co", "t.ly", "tiny.cc", "tiny.one", "tinyurl.com", "tr.im", "trib.al", "v.gd"),
        *("wapo.st", "wp.me", "x.gd"),
    }
)
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]]*[^\s<>()\[\].,;:!?…'\"’”]", re.IGNORECASE)


@rule("tracking-link", Level.WARNING, "A link does not carry what is there to watch the reader.")
def tracking_link(view: View) -> Iterator[Finding]:
    """Such parts come along when an address is copied; the page opens without them."""
    for link, place in view.links:
        if "?" not in link.href:
            continue
        plain, found = _untracked(link.href)
        if found:
            message = f"The link to {plain} carries {', '.join(found)}, to watch the reader."
            yield Finding(link.line or place.line, message, f"Write {plain}")


def _untracked(href: str) -> tuple[str, list[str]]:
    """The address without the parts that track, and the names of those."""
    parts = split_address(href)
    if parts is None:
        return href, []
    fields = parts.query.split("&")
    kept = [field for field in fields if not _TRACKING.fullmatch(field.partition("=")[0])]
    found = [field.partition("=")[0] for field in fields if field not in kept]
    return urlunsplit(parts._replace(query="&".join(kept))), list(dict.fromkeys(found))


@rule("shortened-link", Level.WARNING, "A link names the page that it leads to.")
def shortened_link(view: View) -> Iterator[Finding]:
    """Spam filters distrust short links, readers cannot see where they lead, and some day they are dead."""
    for link, place in view.links:
        parts = split_address(link.href)
        if parts and (parts.hostname or "").removeprefix("www.") in _SHORTENERS:
            hint = "Open it, and write the address that you end at."
            yield Finding(link.line or place.line, f"The link to {link.href} is a shortened one.", hint)


@rule("bare-address", Level.WARNING, "An address in the text is a link.")
def bare_address(view: View) -> Iterator[Finding]:
    """Without angle brackets it is only text."""
    for text, place in view.unlinked:
        for match in _ADDRESS.finditer(text):
            hint = f"Write <{match[0]}>, or better [words](…)."
            yield Finding(place.line, f"The address {match[0]} is no link.", hint)
