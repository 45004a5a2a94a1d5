"""The demonstration behind `make demo`: the weekly routine on a scratch copy of the sample publication.

It runs the very commands that a publisher types and shows each of them. Running it again takes up edits of
the sample and sends nothing twice, because the scratch copy in demo/ keeps its ledger. With `--smtp`, a real
mail server on this machine takes the mail instead of the outbox.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEWSLETTER = [sys.executable, "-m", "newsletter"]


def main() -> int:
    """Runs the demonstration; gives the exit code of the first command that failed, or 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "demo", help="where the scratch copy goes")
    parser.add_argument("--smtp", action="store_true", help="send to a real mail server on this machine")
    given = parser.parse_args()
    folder: Path = given.folder.resolve()
    copy_sample(folder)
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    slug = newest_ready_issue(folder)
    with mail_server(folder) if given.smtp else outbox(folder) as taken:
        for words in (
            ["subscribers", "import", str(shown / "subscribers" / "sample.csv")],
            ["check"],
            ["build", slug],
            ["send", slug, "--confirm", slug],
        ):
            print(f"\n$ newsletter -C {shown} {' '.join(words)}", flush=True)
            code = subprocess.run([*NEWSLETTER, "-C", str(shown), *words]).returncode
            if code:
                return code
        mail = sum(1 for _ in taken.rglob("new/*"))
    print(f"""
Look at what was made:
  the mail         {shown}/build/{slug}/email.html   (open it in a browser)
  its plain text   {shown}/build/{slug}/email.txt
  the messages     {shown}/{taken.name}/   ({mail} of them; it is a Maildir, which mutt -f opens)
  the archive      {shown}/public/index.html

Try next:
  make demo                                         again: it sends nothing twice
  .venv/bin/newsletter -C {shown} status {slug}
  .venv/bin/python docs/demo.py --smtp --folder demo-smtp   through a real mail server
  .venv/bin/newsletter init my-letter               your own publication""")
    return 0


def copy_sample(folder: Path) -> None:
    """Puts the sample's own files into `folder`; what the commands made there stays."""
    (folder / "subscribers").mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / "newsletter.toml", folder)
    shutil.copy2(ROOT / "subscribers" / "sample.csv", folder / "subscribers")
    for name in ("issues", "templates"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name)


def newest_ready_issue(folder: Path) -> str:
    """The slug of the newest issue whose front matter says that it is ready."""
    files = sorted((folder / "issues").glob("????-??-??-*"), key=lambda path: path.name, reverse=True)
    for path in files:
        text = (path / "index.md" if path.is_dir() else path).read_text(encoding="utf-8")
        if "\nstatus: ready" in text:
            return path.name.removesuffix(".md")[11:]
    raise SystemExit("The sample has no ready issue.")


@contextmanager
def outbox(folder: Path) -> Iterator[Path]:
    """The embedded default: messages become files."""
    yield folder / "outbox"


@contextmanager
def mail_server(folder: Path) -> Iterator[Path]:
    """A mail server in a process of its own, and the settings that send to it."""
    taken = folder / "received"
    server = subprocess.Popen(
        [sys.executable, "-m", "newsletter.transports.sink", "--port", "0", "--maildir", str(taken)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    settings = folder / "newsletter.toml"
    text = settings.read_text(encoding="utf-8").replace('transport = "outbox"', 'transport = "smtp"')
    text += f'\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
    settings.write_text(text, encoding="utf-8")
    print(f"A mail server listens on 127.0.0.1:{port}.")
    try:
        yield taken
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    raise SystemExit(main())
