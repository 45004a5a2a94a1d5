"""Reading the TOML files of a theme, with problems that point at their lines."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from newsletter.errors import Problem


def read_table(file: str, text: str, problems: list[Problem]) -> dict[str, Any]:
    """What the TOML `text` of `file` holds; when it cannot be read, nothing, and one more of `problems`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        problems.append(Problem("broken-toml", f"{error}.", file, int(line[1]) if line else 0))
        return {}
