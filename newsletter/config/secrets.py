"""Looking up secrets when they are needed, and no earlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from newsletter.config.values import Secret
from newsletter.errors import ConfigurationError


def resolve_secret(
    secret: Secret,
    environ: Mapping[str, str],
    read_file: Callable[[str], str],
    *,
    key: str = "The secret",
    file: str = "",
    line: int = 0,
    whole: bool = False,
) -> str:
    """The secret itself. `read_file` gives the text of a file by its path relative to the publication.

    With `whole`, all of the text is the secret (a key in PEM format), else its first line. `key`, `file` and
    `line` say where the reference stands, for messages; these never hold the secret.
    Raises ConfigurationError when it is not there, or empty.
    """
    if secret.scheme == "env":
        value = environ.get(secret.name, "")
        hint = f"Set it for this command: {secret.name}='…' newsletter …"
        found = f"the environment variable {secret.name} is not set or empty"
    else:
        what = "the key into" if whole else "the secret on the first line of"
        hint = f"Put {what} that file, readable only for you (chmod 600)."
        try:
            value = read_file(secret.name)
            found = f"the file {secret.name} is empty"
        except (OSError, UnicodeDecodeError) as error:
            value = ""
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            found = f"the file {secret.name} cannot be read ({why})"
        value = value.strip("\r\n")
        if not whole:
            value = value.split("\n", 1)[0].rstrip("\r")
    if not value:
        raise ConfigurationError(f"{key}: {found}.", file=file, line=line, hint=hint, code="no-secret")
    return value
