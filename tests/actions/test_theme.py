"""Themes listed, copied and tried out in a publication of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.actions.create import create_publication
from newsletter.actions.theme import export_theme, list_themes, own_files
from newsletter.actions.theme_check import check_theme
from newsletter.checking.specimen import specimen
from newsletter.clock import SystemClock
from newsletter.document import Block, Inline
from newsletter.errors import ConfigurationError, Level, Problem, RefusedError, StorageError
from newsletter.files.themes import theme_files
from newsletter.publication import Publication
from newsletter.themes import BASE, THEMES
from newsletter.writing.walk import walk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = create_publication(tmp_path / "letter", SystemClock().now().date()).folder
    (made / "templates/README.md").unlink(missing_ok=True)
    return made


@pytest.fixture
def opened(folder: Path) -> Iterator[Publication]:
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    yield publication
    publication.close()


def reopened(folder: Path, theme: str = "plain") -> Publication:
    settings = folder / "newsletter.toml"
    text = settings.read_text().replace("[publication]\n", f'[publication]\ntheme = "{theme}"\n', 1)
    settings.write_text(text)
    return Publication.open(folder, environ={}, clock=SystemClock())


def own(folder: Path, name: str, text: str) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(folder: Path) -> list[tuple[str, int, str]]:
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    return [(each.file, each.line, each.code) for each in check_theme(publication)]


class TestThemes:
    def test_the_table_names_the_folders(self) -> None:
        package = Path(theme_files(BASE)["tokens.toml"]).parents[1]
        assert {path.name for path in package.iterdir() if (path / "tokens.toml").exists()} == set(THEMES)

    @pytest.mark.parametrize("name", THEMES)
    def test_every_theme_is_sound(self, folder: Path, name: str) -> None:
        assert check_theme(reopened(folder, name)) == []

    def test_themes_hold_nothing_that_is_the_same_as_in_the_plain_one(self) -> None:
        plain = theme_files(BASE)
        for name in THEMES:
            for file, path in theme_files(name).items():
                if name != BASE and path != plain.get(file):
                    assert file not in plain or path.read_bytes() != plain[file].read_bytes()

    def test_the_specimen_has_every_construct(self) -> None:
        kinds = {type(node) for node, _ in walk(specimen().body)}
        assert {kind.__name__ for kind in (*Block.__args__, *Inline.__args__) if kind not in kinds} == set()


class TestList:
    def test_which_is_used(self, folder: Path, opened: Publication) -> None:
        assert [each.name for each in list_themes(opened) if each.used] == ["plain"]
        assert [each.name for each in list_themes(reopened(folder, "digest")) if each.used] == ["digest"]

    def test_own_files(self, folder: Path, opened: Publication) -> None:
        assert own_files(opened) == []
        own(folder, "email/footer.mjml.j2", "")
        own(folder, "logo.svg", "")
        assert [(each.file, each.instead) for each in own_files(opened)] == [
            ("templates/email/footer.mjml.j2", True),
            ("templates/logo.svg", False),
        ]


class TestExport:
    @pytest.mark.parametrize("name", THEMES)
    def test_a_whole_theme(self, folder: Path, opened: Publication, name: str) -> None:
        before = {issue: opened.edition(opened.issue(issue)).digest for issue in opened.issue_files[:1]}
        exported = export_theme(opened, name)
        assert exported.files == tuple(theme_files(name))
        for file, path in theme_files(name).items():
            assert (folder / "templates" / file).read_bytes() == path.read_bytes()
        again = Publication.open(folder, environ={}, clock=SystemClock())
        assert check_theme(again) == []
        after = {issue: again.edition(again.issue(issue)).digest for issue in again.issue_files[:1]}
        assert (list(before.values()) == list(after.values())) is (name == "plain")

    def test_single_files_elsewhere(self, folder: Path, opened: Publication) -> None:
        exported = export_theme(opened, to="looking", only=["tokens.toml", "web/own.css", "tokens.toml"])
        assert (exported.name, exported.folder) == ("plain", "looking")
        assert exported.files == ("tokens.toml", "web/own.css")
        assert (folder / "looking/web/own.css").exists()

    def test_nothing_is_overwritten(self, folder: Path, opened: Publication) -> None:
        own(folder, "email/footer.mjml.j2", "mine")
        with pytest.raises(RefusedError) as caught:
            export_theme(opened)
        assert [problem.file for problem in caught.value.problems] == ["templates/email/footer.mjml.j2"]
        assert not (folder / "templates/tokens.toml").exists()
        assert (folder / "templates/email/footer.mjml.j2").read_text() == "mine"

    @pytest.mark.parametrize(
        ("name", "only", "message", "hint"),
        [
            ("digst", (), "There is no theme digst.", 'Did you mean "digest"?'),
            ("zzz", (), "There is no theme zzz.", "There are: plain, letter, digest."),
            (
                "",
                ("fotter.mjml.j2",),
                "The theme has no fotter.mjml.j2.",
                'Did you mean "email/footer.mjml.j2"?',
            ),
        ],
    )
    def test_what_there_is_not(
        self, opened: Publication, name: str, only: tuple[str, ...], message: str, hint: str
    ) -> None:
        with pytest.raises(ConfigurationError) as caught:
            export_theme(opened, name, only=only)
        (problem,) = caught.value.problems
        assert (problem.message, problem.hint) == (message, hint)

    def test_a_file_where_the_folder_should_be(self, folder: Path, opened: Publication) -> None:
        (folder / "looking").write_text("")
        with pytest.raises(StorageError):
            export_theme(opened, to="looking/in")


class TestCheck:
    def test_templates_that_cannot_be_read_or_filled_in(self, folder: Path) -> None:
        own(folder, "email/footer.mjml.j2", "\n{% if %}")
        own(folder, "email/footer.txt.j2", "{{ nope }}")
        own(folder, "web/404.html.j2", "\n\n{{ oops }}")
        assert found(folder) == [
            ("templates/email/footer.mjml.j2", 2, "template-syntax"),
            ("templates/email/footer.txt.j2", 1, "template-value"),
            ("templates/web/404.html.j2", 3, "template-value"),
        ]

    def test_what_only_some_issues_bring_to_light(self, folder: Path) -> None:
        own(folder, "email/members.mjml.j2", "<mj-text>{{ members_note }}</mj-txt>")
        own(folder, "web/teaser.html.j2", "{% if not entry.summary %}{{ nothing }}{% endif %}")
        assert found(folder) == [
            ("templates/email/members.mjml.j2", 1, "mjml"),
            ("templates/web/teaser.html.j2", 1, "template-value"),
        ]

    def test_mjml(self, folder: Path) -> None:
        own(
            folder,
            "email/references.mjml.j2",
            '<mj-text colour="x" padding="0">\n{{ references }}\n</mj-text>',
        )
        assert found(folder) == [("templates/email/references.mjml.j2", 1, "mjml")] * 2

    def test_circles(self, folder: Path) -> None:
        own(folder, "email/footer.mjml.j2", '\n{% include "email/extra.mjml.j2" %}')
        own(folder, "email/extra.mjml.j2", '{% include "email/footer.mjml.j2" %}')
        assert found(folder) == [("templates/email/footer.mjml.j2", 2, "template-cycle")]

    def test_tokens_and_words(self, folder: Path) -> None:
        own(folder, "tokens.toml", '[light]\nacent = "#112233"\n')
        own(folder, "words.toml", '[en]\n\nunsubscibe = "x"\n')
        assert found(folder) == [("templates/tokens.toml", 2, "unknown-token")]
        own(folder, "tokens.toml", '[light]\nmuted = "#aaaaaa"\n')
        assert found(folder) == [("templates/words.toml", 3, "bad-phrase")]
        own(folder, "words.toml", "")
        assert set(found(folder)) == {("templates/tokens.toml", 2, "low-contrast")}

    def test_files_that_nothing_uses(self, folder: Path) -> None:
        own(folder, "email/foter.mjml.j2", "")
        own(folder, "footer.txt.j2", "")
        own(folder, "zzzz.css", "")
        own(folder, "README.md", "")
        own(
            folder,
            "email/masthead.mjml.j2",
            '{% include "email/logo.mjml.j2" %}<mj-text>{{ issue.title }}</mj-text>',
        )
        own(folder, "email/logo.mjml.j2", "<mj-text>logo</mj-text>")
        publication = Publication.open(folder, environ={}, clock=SystemClock())
        problems: list[Problem] = check_theme(publication)
        assert {each.level for each in problems} == {Level.WARNING}
        assert [(each.file, each.hint) for each in problems] == [
            ("templates/email/foter.mjml.j2", "Did you mean templates/email/footer.mjml.j2?"),
            ("templates/footer.txt.j2", "Did you mean templates/email/footer.txt.j2?"),
            ("templates/zzzz.css", "Take it out, or include it in a template."),
        ]

    def test_files_that_are_no_text(self, folder: Path) -> None:
        (folder / "templates").mkdir(exist_ok=True)
        (folder / "templates/tokens.toml").write_bytes(b"[light]\n# \xff")
        assert found(folder) == [("templates/tokens.toml", 2, "not-utf-8")]
        (folder / "templates/tokens.toml").unlink()
        (folder / "templates/tokens.toml").mkdir()
        assert [code for *_, code in found(folder)] == ["unreadable"]
