"""What is known of MJML's components: where they may stand, their attributes, and what the engine ignores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

COMPONENTS: Mapping[str, Sequence[str]] = {
    "mjml": (),
    "mj-head": ("mjml",),
    "mj-title": ("mj-head",),
    "mj-style": ("mj-head",),
    "mj-breakpoint": ("mj-head",),
    "mj-attributes": ("mj-head",),
    "mj-all": ("mj-attributes",),
    "mj-class": ("mj-attributes",),
    "mj-body": ("mjml",),
    "mj-wrapper": ("mj-body",),
    "mj-section": ("mj-body", "mj-wrapper"),
    "mj-group": ("mj-section",),
    "mj-column": ("mj-section", "mj-group"),
    "mj-text": ("mj-column",),
    "mj-image": ("mj-column",),
    "mj-button": ("mj-column",),
    "mj-divider": ("mj-column",),
    "mj-spacer": ("mj-column",),
    "mj-table": ("mj-column",),
    "mj-social": ("mj-column",),
    "mj-social-element": ("mj-social",),
    "mj-raw": ("mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column"),
}
"""The part of MJML that themes may use, each component with those that it may stand in (all may stand in
<mj-attributes>, to set defaults). No includes (Jinja2 has them), no remote fonts;
`mj-preview` is left out because its colours cost points with spam filters: the preheader is a slot."""

INSTEAD: Mapping[str, str] = {
    "mj-include": 'Use {% include "…" %} of the template language.',
    "mj-preview": "Show {{ issue.preheader }} in a hidden block, as the theme's masthead does.",
    "mj-font": "Mail loads no fonts from elsewhere; name installed ones in tokens.toml.",
}
"""What to do instead of some components of MJML."""

NO_EFFECT: Mapping[str, frozenset[str]] = {
    "mj-body": frozenset({"id"}),
    "mj-button": frozenset({"title"}),
    "mj-image": frozenset({"sizes", "border-top", "border-right", "border-bottom", "border-left"}),
    "mj-section": frozenset({"gutter", "text-padding"}),
    "mj-spacer": frozenset({"border", "border-top", "border-right", "border-bottom", "border-left"}),
    "mj-wrapper": frozenset({"gap", "gutter", "text-padding"}),
    "mj-table": frozenset({"role", "font-weight"}),
    "mj-text": frozenset({"background-color"}),
    "mj-social": frozenset({"border", "table-layout"}),
    "mj-raw": frozenset({"position"}),
    "mj-social-element": frozenset({"icon-position", "border", "srcset", "sizes"}),
}
"""Attributes that MJML names and this engine does not heed. (On mj-image the single borders are worse: they
take from the width of the picture, and are not drawn.)"""

_EVERYWHERE = {"mj-class": "string", "css-class": "string"}
_BESIDE = {"mjml": {"lang": "string", "dir": "enum(ltr,rtl,auto)"}, "mj-class": {"name": "string"}}


def attribute_types(component: str) -> Mapping[str, str]:
    """The attributes of a component with their types, such as "color" or "unit(px,%){1,4}"."""
    return _types()[component]


@cache
def colour_names() -> frozenset[str]:
    """The names of colours that MJML knows."""
    return frozenset(_data()["colours"])


@cache
def other_components() -> frozenset[str]:
    """Components of MJML that themes may not use."""
    return frozenset(_data()["components"]) - COMPONENTS.keys()


@cache
def _types() -> Mapping[str, Mapping[str, str]]:
    tables: dict[str, dict[str, str]] = _data()["components"]
    of_body = [name for name, parents in COMPONENTS.items() if parents and name in tables]
    every = {key: kind for name in reversed(of_body) for key, kind in tables[name].items()}
    found = {}
    for name in COMPONENTS:
        own = every if name in ("mj-all", "mj-class") else tables.get(name, {})
        found[name] = {**own, **_BESIDE.get(name, {}), **_EVERYWHERE}
    return found


@cache
def _data() -> dict[str, Any]:
    text = (files("newsletter.rendering") / "data" / "mjml.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
