"""Takes the pictures of the documentation: the sample's newest issue as mail and as page, with Chromium.

The mail is shown at several widths, by day and by night, with and without images, and in simulations.

`make pictures` runs it. It needs the program `chromium` (or `google-chrome`); without one it says so and
changes nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from docs.demo import NEWSLETTER, copy_sample, newest_ready_issue
from newsletter.checking.simulations import images_off

PICTURES = Path(__file__).parent / "pictures"
ADDRESS = "https://sorepoints.example.org/"
WIDTHS = (360, 600, 1000)
NARROWEST = 500
"""Chromium's windows are at least so wide, in pixels."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def main() -> int:
    """Builds the sample in a folder of its own, and photographs it; gives an exit code."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("No Chromium was found, so no pictures were taken. On Debian: apt install chromium")
        return 0
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "sample"
        copy_sample(folder)
        slug = newest_ready_issue(folder)
        for words in (["build", slug, "--clients"], ["archive"]):
            subprocess.run(
                [*NEWSLETTER, "-q", "-C", str(folder), *words], check=True, stdout=subprocess.DEVNULL
            )
        page = folder / "public" / slug / "index.html"
        mail = folder / "build" / slug / "for-the-camera.html"
        text = (mail.parent / "member" / "email.html").read_text(encoding="utf-8")
        mail.write_text(text.replace(f"{ADDRESS}{slug}/", f"{page.parent.as_uri()}/"), encoding="utf-8")
        for kind, file in (("mail", mail), ("archive", page)):
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    shot = PICTURES / f"{kind}-{width}-{scheme}.png"
                    photograph(browser, file, shot, width, 1400, dark=scheme == "dark")
        bare = mail.with_name("without-images.html")
        bare.write_text(images_off(mail.read_text(encoding="utf-8")), encoding="utf-8")
        for width in (360, 600):
            for scheme in ("light", "dark"):
                shot = PICTURES / f"mail-{width}-{scheme}-images-off.png"
                photograph(browser, bare, shot, width, 1400, dark=scheme == "dark")
        for client in ("gmail", "outlook", "dark-forced"):
            page = mail.parent / "clients" / f"{client}.html"
            photograph(browser, page, PICTURES / f"client-{client}.png", 600, 1400, dark=False)
        side_by_side(PICTURES / "mail-and-archive.png", "mail-600-light.png", "archive-1000-dark.png")
    print(f"Pictures are in {PICTURES}")
    return 0


def photograph(browser: str, file: Path, shot: Path, width: int, height: int, *, dark: bool) -> None:
    """A picture of the top of a page, `width` by `height` pixels."""
    with tempfile.TemporaryDirectory() as profile:
        shown = file
        if width < NARROWEST:  # in a frame of its own, from which the picture is cut
            shown = Path(profile) / "frame.html"
            frame = (
                f'<iframe src="{file.as_uri()}" style="width:{width}px;height:{height}px;border:0"></iframe>'
            )
            shown.write_text(f'<meta name="color-scheme" content="light dark"><body style="margin:0">{frame}')
        scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        command = [
            browser,
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--window-size={max(width, NARROWEST)},{height}",
        ]
        command += [*scheme, f"--screenshot={shot}", shown.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(shot) as picture:
        whole = picture.crop((0, 0, width, height))
        whole.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(shot, optimize=True)


def side_by_side(target: Path, *names: str) -> None:
    """The pictures of `names` beside each other on a quiet ground."""
    shots = [Image.open(PICTURES / name).convert("RGB") for name in names]
    gap = 40
    width = sum(shot.width for shot in shots) + gap * (len(shots) + 1)
    sheet = Image.new("RGB", (width, max(shot.height for shot in shots) + 2 * gap), "#e9e7e2")
    left = gap
    for shot in shots:
        sheet.paste(shot, (left, gap))
        ImageDraw.Draw(sheet).rectangle(
            (left - 1, gap - 1, left + shot.width, gap + shot.height), outline="#c9c5bc"
        )
        left += shot.width + gap
    sheet.convert("P", palette=Image.Palette.ADAPTIVE, colors=96).save(target, optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())
