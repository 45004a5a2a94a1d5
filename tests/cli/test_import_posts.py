import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Ran, Run

DATA = Path(__file__).parent.parent / "importing" / "data"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "old"))


def results(ran: Ran) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return {line["file"]: line for line in lines}


def test_a_folder_of_jekyll(run: Run, publication: Path, data: Path) -> None:
    ran = run("import-posts", str(data / "jekyll"))
    assert ran.code == 0
    assert (
        "_posts/2020-03-04-knees-creak.md: is now issues/2020-03-04-knees-creak/index.md, 1 picture"
        in ran.out
    )
    assert "_drafts/x.md: left out, it is a draft" in ran.out
    folder = publication / "issues" / "2020-03-04-knees-creak"
    assert sorted(path.name for path in folder.iterdir()) == ["clot.png", "index.md"]
    text = (folder / "index.md").read_text()
    assert text.startswith(
        '---\ntitle: "Knees: a story"\npreheader: Short.\ndate: 2020-03-04\nstatus: archived\n'
    )
    assert "tags: [a, b, pain, knees]\n" in text
    assert "https://www.youtube.com/watch?v=abc" in text
    assert 'def f(): return "{{ x }}"' in text
    assert run("check", "knees-creak").code == 0
    assert run("archive").code == 0
    refused = run("send", "knees-creak", "--confirm", "knees-creak")
    assert refused.code == 1, "archived issues are never sent"


def test_a_folder_of_hugo(run: Run, publication: Path, data: Path) -> None:
    ran = run("import-posts", str(data / "hugo"), "--json")
    assert ran.code == 1, "one file failed"
    found = results(ran)
    assert found["content/posts/bundle/index.md"]["issue"] == "issues/2021-05-06-the-bundle/index.md"
    assert found["content/posts/bundle/index.md"]["pictures"] == 2
    assert [one["line"] for one in found["content/posts/bundle/index.md"]["problems"]] == [14, 18]
    assert found["content/posts/broken.md"]["result"] == "failed"
    assert found["content/posts/d.md"]["result"] == "left out"


def test_a_folder_of_eleventy(run: Run, publication: Path, data: Path) -> None:
    ran = run("import-posts", str(data / "eleventy"), "--site", "https://eleventy.example.org")
    assert ran.code == 0
    folder = publication / "issues" / "2023-01-02-tables"
    assert sorted(path.name for path in folder.iterdir()) == ["drawing.svg", "index.md", "wide.jpg"]
    text = (folder / "index.md").read_text()
    assert "canonical: https://eleventy.example.org/writing/tables/" in text
    assert "![Something wide](wide.jpg)" in text
    assert (
        "![Gone](https://eleventy.example.org/img/gone.png) and [home](https://eleventy.example.org/)."
        in text
    )
    assert "warning[lost-picture] The picture /img/gone.png was not taken along" in ran.err
    assert "The field collections.posts means nothing here" in ran.err


def test_mail_from_buttondown(run: Run, publication: Path, data: Path) -> None:
    assert run("import-posts", str(data / "buttondown")).code == 0
    text = (publication / "issues" / "2022-02-03-hello-there.md").read_text()
    assert "title: Hello, there" in text
    assert ":::members" in text


def test_exports_of_substack_and_ghost(run: Run, publication: Path, data: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "export"), "zip", data / "substack")
    ran = run("import-posts", archive, "--json")
    assert ran.code == 1
    assert results(ran)["posts/103.gone.html"]["reason"] == "its page is not in the export"
    assert "[^1]: The note." in (publication / "issues" / "2021-03-04-first.md").read_text()
    assert run("import-posts", str(data / "ghost.json")).code == 0
    assert "tags: [Pain]" in (publication / "issues" / "2021-06-07-ghost-post.md").read_text()
    assert run("check").code == 0


def test_trying_it_out_writes_nothing(run: Run, publication: Path, data: Path) -> None:
    before = sorted((publication / "issues").rglob("*"))
    ran = run("import-posts", str(data / "jekyll"), "--dry-run")
    assert ran.code == 0
    assert "would become issues/2020-03-04-knees-creak.md, 1 picture" in ran.out
    assert "Nothing was written." in ran.err
    assert sorted((publication / "issues").rglob("*")) == before


def test_an_import_can_be_repeated(run: Run, publication: Path, data: Path) -> None:
    assert run("import-posts", str(data / "jekyll")).code == 0
    text = publication / "issues" / "2020-03-04-knees-creak" / "index.md"
    text.write_text("---\ntitle: Edited\n---\n")
    ran = run("import-posts", str(data / "jekyll"), "--json")
    assert ran.code == 0
    assert results(ran)["_posts/2020-03-04-knees-creak.md"]["result"] == "there already"
    assert text.read_text() == "---\ntitle: Edited\n---\n"


def test_slugs_are_made_to_differ(run: Run, publication: Path, tmp_path: Path) -> None:
    for day in ("2020-01-01", "2020-01-02"):
        (tmp_path / "old").mkdir(exist_ok=True)
        (tmp_path / "old" / f"{day}-Grüße!.md").write_text("---\ntitle: x\n---\nx")
    (tmp_path / "old" / "2020-01-03-日本.md").write_text("---\ntitle: 日本\n---\nx")
    assert run("import-posts", str(tmp_path / "old")).code == 0
    names = sorted(path.name for path in (publication / "issues").glob("2020*"))
    assert names == ["2020-01-01-grusse.md", "2020-01-02-grusse-2.md", "2020-01-03-post.md"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing"], 1, "nothing of that name"),
        (["."], 1, "nothing here that could be imported"),
        ([".", "--site", "example.org"], 2, "in full"),
    ],
)
def test_what_cannot_be_imported(run: Run, publication: Path, words: list[str], code: int, said: str) -> None:
    shutil.rmtree(publication / "issues")
    (publication / "issues").mkdir()
    shutil.rmtree(publication / "subscribers")
    ran = run("import-posts", *words)
    assert ran.code == code
    assert said in ran.err
