"""Making a key to sign the mail with (DKIM)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.config.kinds import SELECTOR, UnfitError
from newsletter.delivery.dkim_keys import (
    SHORTEST_RSA,
    missing_library,
    read_key,
    record_name,
    record_strings,
)
from newsletter.delivery.headers import a_labels
from newsletter.errors import RefusedError
from newsletter.files.atomic import write_atomic
from newsletter.files.faults import write_fault

if TYPE_CHECKING:
    from newsletter.publication import Publication

_PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key: its file (relative to the publication), what to publish in the DNS and where, and what to
    write into newsletter.toml."""

    file: str
    selector: str
    name: str
    record: str
    settings: str

    @property
    def strings(self) -> list[str]:
        """The record in strings of at most 255 characters, as name servers want it."""
        return record_strings(self.record)

    @property
    def zone_line(self) -> str:
        """The record as a zone file has it (RFC 1035 5.1)."""
        parts = "\n    ".join(f'"{string}"' for string in self.strings)
        return f"{self.name}. IN TXT (\n    {parts} )"


def make_key(publication: Publication, selector: str = "", *, ed25519: bool = False) -> MadeKey:
    """Makes a key (RSA-2048, or Ed25519) and writes it into `subscribers/`, readable only for its owner.

    Without a `selector`, the key is called by its month. Raises RefusedError when there is such a key already
    or the selector is none, ConfigurationError when the library is missing, StorageError when the disk does
    not let us.
    """
    kind = "ed25519" if ed25519 else "rsa"
    suffix = "-ed25519" if ed25519 else ""
    try:
        name = SELECTOR.read(selector or f"nl{publication.today():%Y%m}{suffix}")
    except UnfitError as unfit:
        raise RefusedError(f"The selector{unfit.message}.", hint=unfit.hint, code="bad-selector") from unfit
    file = f"subscribers/dkim-{name}.pem"
    path = publication.folder / file
    if path.exists():
        raise RefusedError(
            f"There is a key called {name} already; it was left as it is.",
            file=file,
            hint="Name another selector: newsletter doctor --make-dkim-key SELECTOR",
            code="key-exists",
        )
    pem = _new_key(kind)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise write_fault(error, path) from error
    write_atomic(path, pem.encode(), mode=0o600)
    domain = publication.settings.delivery.dkim.domain
    domain = domain if domain.isascii() else a_labels(domain)
    prefix = "ed25519_" if ed25519 else ""
    return MadeKey(
        file=file,
        selector=name,
        name=record_name(name, domain),
        record=read_key(pem, name, kind).record,
        settings=f'[delivery.dkim]\n{prefix}selector = "{name}"\n{prefix}key = "file:{file}"',
    )


def _new_key(kind: str) -> str:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    except ImportError as error:
        raise missing_library() from error
    key = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else rsa.generate_private_key(_PUBLIC_EXPONENT, SHORTEST_RSA)
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
