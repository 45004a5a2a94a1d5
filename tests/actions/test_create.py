import stat
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.actions.create import create_issue, create_publication, make_slug
from newsletter.clock import SystemClock
from newsletter.errors import RefusedError, StorageError
from newsletter.model import IssueStatus
from newsletter.publication import Publication
from newsletter.writing.cleaning import clean
from tests.unprivileged import unwritable_folder

DAY = date(2026, 11, 24)


class Midnight(SystemClock):
    """Half an hour before midnight in London, a new day in Vienna."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_publication(tmp_path / "letter", DAY).folder


@pytest.fixture
def publication(folder: Path) -> Publication:
    return Publication.open(folder, environ={}, clock=Midnight())


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_publication_is_whole(folder: Path, publication: Publication) -> None:
    assert sorted(everything(folder)) == [
        ".gitignore",
        "issues/2026-11-24-welcome.md",
        "issues/references.bib",
        "newsletter.toml",
        "subscribers/README.md",
        "subscribers/sample.csv",
        "templates/README.md",
    ]
    (file,) = publication.issue_files
    issue = publication.issue(file)
    assert (issue.date, issue.status) == (DAY, IssueStatus.READY)
    assert stat.S_IMODE((folder / "subscribers").stat().st_mode) == 0o700


def test_what_is_in_the_folder_already_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "issues").mkdir()

    create_publication(tmp_path, DAY)

    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_second_publication_in_the_same_folder_is_refused(folder: Path) -> None:
    before = everything(folder)
    with pytest.raises(RefusedError, match="There is a publication in"):
        create_publication(folder, DAY)

    assert everything(folder) == before


def test_files_in_the_way_are_all_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/README.md").write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(RefusedError) as caught:
        create_publication(tmp_path, DAY)

    assert [problem.file for problem in caught.value.problems] == [
        str(tmp_path / ".gitignore"),
        str(tmp_path / "templates/README.md"),
    ]
    assert everything(tmp_path) == before


def test_what_was_made_before_the_disk_failed_is_removed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.name == "sample.csv":
            raise StorageError("The disk is full.")
        path.write_bytes(data)

    monkeypatch.setattr("newsletter.actions.create.write_atomic", full)
    with pytest.raises(StorageError):
        create_publication(tmp_path / "new" / "letter", DAY)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written() -> None:
    with unwritable_folder() as folder, pytest.raises(StorageError):
        create_publication(folder / "letter", DAY)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        create_publication(tmp_path / "file" / "letter", DAY)


def test_a_new_issue_is_a_draft_that_can_be_read(publication: Publication) -> None:
    made = create_issue(publication, "  Six documented\ncases: a “story”? ", DAY)

    assert made.file == "issues/2026-11-24-six-documented-cases-a-story.md"
    del publication.__dict__["issue_files"]
    file = next(file for file in publication.issue_files if file.slug == made.slug)
    issue = publication.issue(file)
    assert issue.title == "Six documented cases: a “story”?"
    assert (issue.status, issue.date) == (IssueStatus.DRAFT, DAY)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Six documented cases", "six-documented-cases"),
        ("Über Straßen & Ærø", "uber-strassen-aero"),
        ("Łódź—Đakovo", "lodz-dakovo"),
        ("The body’s Don't", "the-bodys-dont"),
        ("  100 % -- sure!  ", "100-sure"),
        ("ﬁne ½ №5", "fine-1-2-no5"),
        ("İstanbul", "istanbul"),
        ("Боль", ""),
        ("痛み 2", "2"),
        ("word " * 30, "word-word-word-word-word-word-word-word-word-word-word-word"),
        ("x" * 100, "x" * 60),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert make_slug(title) == slug


@given(st.text(max_size=200))
def test_a_slug_is_a_slug(title: str) -> None:
    slug = make_slug(title)

    assert len(slug) <= 60
    assert make_slug(slug) == slug
    assert slug.isascii()
    assert all(slug.split("-")) or not slug


@given(title=st.text(st.characters(exclude_categories=["Cs", "Cn"]), min_size=1, max_size=80))
def test_any_title_survives_its_way_through_the_file(title: str) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "issues").mkdir()
        settings = '[publication]\ntitle = "a"\nurl = "https://a.dev"\nfrom = "a@a.dev"\n'
        (Path(folder) / "newsletter.toml").write_text(settings)
        publication = Publication.open(Path(folder), environ={}, clock=Midnight())
        try:
            create_issue(publication, title, DAY, "slug")
        except RefusedError:
            assert not clean(title).strip()
            return
        del publication.__dict__["issue_files"]
        (file,) = publication.issue_files
        read = publication.issue(file).title
    assert read == " ".join(clean(" ".join(title.split())).split())


def test_a_title_without_letters_wants_a_slug(publication: Publication) -> None:
    with pytest.raises(RefusedError, match="No slug can be made"):
        create_issue(publication, "Боль", DAY)

    assert create_issue(publication, "Боль", DAY, "pain").file == "issues/2026-11-24-pain.md"


@pytest.mark.parametrize(("title", "slug"), [("", ""), ("  ", ""), ("a", "Not A Slug"), ("a", "../a")])
def test_what_is_no_title_or_slug(publication: Publication, title: str, slug: str) -> None:
    with pytest.raises(RefusedError):
        create_issue(publication, title, DAY, slug)


def test_a_slug_that_is_taken_is_refused_on_any_day(folder: Path, publication: Publication) -> None:
    before = everything(folder)
    with pytest.raises(RefusedError, match="The slug welcome is taken"):
        create_issue(publication, "Welcome!", date(2027, 1, 1))

    assert everything(folder) == before


def test_today_is_the_day_where_the_publication_is_at_home(folder: Path, publication: Publication) -> None:
    assert publication.today() == date(2026, 11, 23)
    settings = folder / "newsletter.toml"
    settings.write_text(settings.read_text().replace('"UTC"', '"Europe/Vienna"'))

    assert Publication.open(folder, environ={}, clock=Midnight()).today() == date(2026, 11, 24)
