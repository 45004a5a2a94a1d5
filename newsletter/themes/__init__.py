"""The themes that come with the package: each a folder of templates, tokens and words."""

from collections.abc import Mapping
from types import MappingProxyType

BASE = "plain"
"""The theme that is complete; what another one does not have comes from here."""

THEMES: Mapping[str, str] = MappingProxyType(
    {
        BASE: "A quiet letter: one column, one serif, hairlines between the nuggets.",
        "letter": "Nearly nothing but the words, as if one person wrote to another.",
        "digest": "A card for each nugget, its picture on top.",
    }
)
"""Their names, and what they look like."""
