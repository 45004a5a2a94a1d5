"""Looks at HTML in Chromium: many documents at once, each in a frame of its own, without a driver."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
    "--virtual-time-budget=600000",
    "--dump-dom",
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>x</title></head><body style="margin:0">{frames}<script>
const shared = {shared};
const look = {look};
onload = async () => {{
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    try {{ found.push(await look(frame.contentWindow, frame.contentDocument, shared)); }}
    catch (error) {{ found.push(String(error)); }}
  }}
  const shown = document.createElement("pre");
  shown.id = "found";
  shown.textContent = JSON.stringify(found);
  document.body.replaceChildren(shown);
}};
</script></body></html>"""


def look(
    documents: Sequence[str], script: str, *, width: int, dark: bool = False, shared: object = None
) -> list[Any]:
    """What `script`, a JavaScript function of window, document and `shared`, gives for each document.

    Frames are `width` pixels wide; `dark` is what the documents are told the reader prefers.
    """
    frames = "".join(
        f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{html.escape(document)}"></iframe>'
        for document in documents
    )
    data = json.dumps(shared).replace("</", "<\\/")
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        page.write_text(_PAGE.format(frames=frames, shared=data, look=script), encoding="utf-8")
        scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        done = subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={scratch}/profile", *scheme, page.as_uri()],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,  # it complains about the absence of a desktop, and dumps all the same
        )
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    results: list[Any] = json.loads(html.unescape(found[1]))
    assert len(results) == len(documents)
    return results
