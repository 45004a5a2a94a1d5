"""Distils caniemail's data into newsletter/checking/data/clients.json: what each mail program drops.

    npm pack caniemail && tar xzf caniemail-*.tgz
    python docs/maintenance/distil_caniemail.py package

Of every program its newest tested version counts, and only what it drops altogether: partial support is a
matter of degree, and the notes that explain it are for people. Image formats and features that only people
recognise are left out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "newsletter/checking/data/clients.json"
SPECIAL = {
    "css-at-media-device-pixel-ratio": ["at media device-pixel-ratio"],
    "css-at-media-hover": ["at media hover", "at media any-hover"],
    "css-background": ["property background"],
    "css-block-inline-size": ["property block-size", "property inline-size"],
    "css-border-inline-block": ["property border-inline", "property border-block"],
    "css-border-inline-block-individual": [],
    "css-border-inline-block-longhand": [],
    "css-border-radius-logical": [
        f"property border-{block}-{inline}-radius"
        for block in ("start", "end")
        for inline in ("start", "end")
    ],
    "css-color-scheme": ["property color-scheme"],
    "css-column-layout-properties": [f"property column-{x}" for x in ("fill", "rule", "span", "width")],
    "css-display-flex": ["value display:flex"],
    "css-display-grid": ["value display:grid"],
    "css-display-none": ["value display:none"],
    "css-flex-direction": ["property flex-direction"],
    "css-flex-wrap": ["property flex-wrap"],
    "css-font": ["property font"],
    "css-gap": ["property gap", "property column-gap", "property row-gap"],
    "css-grid-template": [f"property grid-template{x}" for x in ("", "-areas", "-columns", "-rows")],
    "css-important": ["keyword !important"],
    "css-intrinsic-size": [f"word {x}-content" for x in ("fit", "min", "max")],
    "css-left-right-top-bottom": [f"property {x}" for x in ("left", "right", "top", "bottom")],
    "css-margin-block-start-end": ["property margin-block-start", "property margin-block-end"],
    "css-margin-inline-block": ["property margin-inline", "property margin-block"],
    "css-margin-inline-start-end": ["property margin-inline-start", "property margin-inline-end"],
    "css-modern-color": [f"function {x}" for x in ("lch", "oklch", "lab", "oklab")],
    "css-nesting": ["selector nesting"],
    "css-padding-block-start-end": ["property padding-block-start", "property padding-block-end"],
    "css-padding-inline-block": ["property padding-inline", "property padding-block"],
    "css-padding-inline-start-end": ["property padding-inline-start", "property padding-inline-end"],
    "css-pseudo-class-lang": ["pseudo :lang"],
    "css-sytem-ui": [f"word {x}" for x in ("system-ui", "ui-serif", "ui-sans-serif", "ui-monospace")],
    "css-unit-calc": ["function calc"],
    "css-unit-initial": ["word initial"],
    "css-unit-percent": ["unit %"],
    "css-variables": ["function var"],
    "html-anchor-links": ["link #"],
    "html-address": ["element address"],
    "html-h1-h6": [f"element h{n}" for n in range(1, 7)],
    "html-lists": [f"element {x}" for x in ("ul", "ol", "dl")],
    "html-mailto-links": ["link mailto:"],
    "html-meta-color-scheme": ["meta color-scheme"],
    "html-semantics": [
        f"element {x}"
        for x in re.findall(
            r"\w+", "article aside details figcaption figure footer header main mark nav section summary time"
        )
    ],
    "html-srcset": ["attribute srcset", "attribute sizes"],
}
_MONTH = re.compile(r"20\d\d-\d\d")
LEFT_OUT = re.compile(r"css-comments|html-(comments|doctype|image-maps|input-.*|button-.*)|amp|bimi|image-.*")


def names(feature: dict[str, Any]) -> Iterator[str]:
    """How the feature is recognised in a mail; nothing for those that are not."""
    slug, title = feature["slug"], feature["title"].strip()
    if LEFT_OUT.fullmatch(slug):
        return
    if slug in SPECIAL:
        yield from SPECIAL[slug]
    elif found := re.fullmatch(r"@media \((.*)\)", title):
        yield f"at media {found[1]}"
    elif title.startswith("@"):
        yield f"at {title[1:]}"
    elif title.startswith(":"):
        yield f"pseudo {title.removesuffix('()')}"
    elif slug.startswith("css-selector-"):
        yield f"selector {slug.removeprefix('css-selector-')}"
    elif found := re.fullmatch(r"(\S+) unit", title):
        yield f"unit {found[1]}"
    elif title.endswith("()"):
        yield f"function {title[:-2]}"
    elif slug.startswith("css-"):
        yield f"property {title.removesuffix(' property')}"
    elif found := re.search(r"<(\w+)>", title):
        yield f"element {found[1]}"
    elif title.endswith(" attribute"):
        yield f"attribute {title.removesuffix(' attribute')}"
    else:
        raise SystemExit(f"What is {slug}, {title!r}?")


def newest(versions: dict[str, str]) -> str:
    """The verdict on the newest version: its first letter, y, n, a or u.

    Versions are numbers or months. Where a program went over from one to the other, the data's order tells.
    """
    if len({bool(_MONTH.fullmatch(version)) for version in versions}) > 1:
        return list(versions.values())[-1][0]
    return versions[max(versions, key=lambda version: [int(n) for n in re.findall(r"\d+", version)])][0]


def main(package: Path) -> None:
    """Reads the unpacked package and writes the table."""
    source = json.loads((package / "data/caniemail.json").read_text(encoding="utf-8"))
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    notice = " ".join((package / "LICENSE").read_text(encoding="utf-8").split())
    families, platforms = source["nicenames"]["family"], source["nicenames"]["platform"]
    tested = {
        (family, platform)
        for feature in source["data"]
        for family, on in feature["stats"].items()
        for platform in on
    }
    clients = sorted(tested)
    table = {}
    for feature in source["data"]:
        dropped = [
            number
            for number, (family, platform) in enumerate(clients)
            if (versions := feature["stats"].get(family, {}).get(platform)) and newest(versions) == "n"
        ]
        if dropped:
            table.update(dict.fromkeys(names(feature), dropped))
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(table[name], separators=(',', ':'))}" for name in sorted(table)
    )
    shown = ",\n".join(
        f"  {json.dumps([f'{family}.{platform}', f'{families[family]} {platforms[platform]}'])}"
        for family, platform in clients
    )
    head = {
        "notice": f"Distilled from the data of caniemail.com. {notice}",
        "source": f"npm caniemail {version}",
        "date": source["last_update_date"][:10],
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(
        json.dumps(head, indent=1)[:-2]
        + f',\n "clients": [\n{shown}\n ],\n "dropped": {{\n{lines}\n }}\n}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
