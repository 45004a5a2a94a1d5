"""Editions: what each tier gets, the templates that a publication replaces, holes, sizes, freezing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape

import pytest

from newsletter.document import (
    Body,
    Citation,
    Cite,
    Listing,
    ListItem,
    Members,
    Merge,
    Nugget,
    Paragraph,
    Picture,
    Quotation,
    Text,
)
from newsletter.errors import ConfigurationError, ContentError, StorageError
from newsletter.model import Edition, Identity, Issue, Rendition, Segments, Tier
from newsletter.rendering import mail
from newsletter.rendering.budget import HTML_LIMIT, byte_budget
from newsletter.rendering.edition import Facts, edition_from_json, edition_to_json
from newsletter.rendering.frozen import freeze
from newsletter.rendering.theme import Theme

Build = Callable[..., Edition]
MakeTheme = Callable[..., Theme]


def joined(segments: Segments) -> str:
    return "".join(each if isinstance(each, str) else f"<<{each.name}>>" for each in segments)


def parts(edition: Edition, tier: Tier = Tier.FREE) -> tuple[str, str]:
    rendition = edition.rendition(tier)
    return joined(rendition.html), joined(rendition.text)


def nugget(name: str, *texts: str, members_only: bool = False) -> Nugget:
    blocks = tuple(Paragraph((Text(text),)) for text in texts)
    return Nugget((Text(name),), name.lower(), blocks, members_only=members_only)


def with_body(issue: Issue, *nuggets: Nugget, intro: str = "") -> Issue:
    return replace(issue, body=Body((Paragraph((Text(intro),)),) if intro else (), (), nuggets))


class TestTiers:
    def test_free_readers_get_nothing_of_the_members_parts(self, edition: Edition) -> None:
        for part in parts(edition, Tier.FREE):
            for secret in ("Members' secret", "Members' footnote", "Members' closing", "For members alone"):
                assert secret not in part
                assert secret.replace("'", "&#x27;") not in part
            assert "This part (about 20 words) is for members." in part
            assert "one more nugget in this issue, about 20 words." in part.replace("\n", " ")

    def test_members_get_everything(self, edition: Edition) -> None:
        for part in parts(edition, Tier.MEMBER):
            for secret in ("secret", "footnote", "closing", "For members alone"):
                assert secret in part
            assert "more nugget" not in part
            assert "are a member of" in part

    def test_both_parts_hold_the_same_references(self, edition: Edition) -> None:
        for tier in Tier:
            for part in parts(edition, tier):
                assert ("For members alone" in part) is (tier is Tier.MEMBER)
                assert "Pulmonary embolus originating below knee." in part

    def test_several_members_nuggets_are_counted(self, build: Build, issue: Issue) -> None:
        kept = [nugget(f"N{index}", "word " * 50, members_only=True) for index in range(3)]
        for part in parts(build(with_body(issue, nugget("Open", "x"), *kept))):
            assert "Members also get three more nuggets in this issue, about 150 words." in part.replace(
                "\n", " "
            )
            assert "N1" not in part

    def test_a_very_long_members_part(self, build: Build, issue: Issue) -> None:
        kept = [nugget(f"N{index}", "word " * 100, members_only=True) for index in range(12)]
        html, _ = parts(build(with_body(issue, *kept)))
        assert "Members also get 12 more nuggets in this issue, about 1,210 words." in html


class TestLayout:
    def test_contents_from_three_nuggets_up(self, build: Build, issue: Issue) -> None:
        two = with_body(issue, nugget("A", "x"), nugget("B", "x"))
        three = with_body(issue, nugget("A", "x"), nugget("B", "x"), nugget("C", "x"))
        for part in parts(build(two)):
            assert "In this issue" not in part
        for part in parts(build(three)):
            assert "In this issue" in part

    def test_the_text_in_full(self, build: Build, issue: Issue, facts: Facts) -> None:
        _, text = parts(
            build(with_body(replace(issue, title="A title"), nugget("One", "Words."), intro="Hello."))
        )
        assert text == (
            "Sore & Sane\n24 November 2026\nRead on the web: https://letters.example.org/six-clots/\n\n"
            "A title\n=======\n\nHello.\n\n\nOne\n---\n\nWords.\n\n\n" + "_" * 72 + "\n\n"
            "You get this mail because you subscribed to Sore & Sane. Reply to it,\n"
            "and your answer reaches Paula Nerve.\n\nUnsubscribe: <<unsubscribe_url>>\n"
            "All issues: https://letters.example.org/\n\n"
            "Sore & Sane, 12 Example Street, Vancouver, BC V5K 0A1, Canada\n"
        )

    def test_text_lines_are_short(self, edition: Edition) -> None:
        for tier in Tier:
            _, text = parts(edition, tier)
            assert all(
                len(line) <= 72 or " " not in line.strip() for line in text.split("\n") if "<<" not in line
            )
            assert not any(line != line.rstrip() for line in text.split("\n"))
            assert "\n\n\n\n" not in text

    @pytest.mark.parametrize(
        ("language", "day", "direction"),
        [
            ("en", "24 November 2026", "ltr"),
            ("en-US", "November 24, 2026", "ltr"),
            ("de", "24. November 2026", "ltr"),
            ("he-IL", "24 בנובמבר 2026", "rtl"),
            ("tlh", "2026-11-24", "ltr"),
        ],
    )
    def test_language(
        self, build: Build, facts: Facts, themed: MakeTheme, language: str, day: str, direction: str
    ) -> None:
        html, text = parts(build(facts=replace(facts, language=language), theme=themed(language=language)))
        assert f'<html lang="{language}" dir="{direction}"' in html
        assert day in html
        assert day in text
        if direction == "rtl":
            assert "border-right:3px solid" in html
            assert "text-align:right" in html

    def test_without_an_archive_there_are_no_links_to_it(
        self, build: Build, facts: Facts, identity: Identity
    ) -> None:
        html, text = parts(
            build(facts=replace(facts, url=""), identity=replace(identity, issue_url="", archive_url=""))
        )
        for part in (html, text):
            assert "Read on the web" not in part
            assert "All issues" not in part

    def test_leaving_by_mail_is_said(self, build: Build, facts: Facts) -> None:
        html, _ = parts(build(facts=replace(facts, unsubscribe_available=False)))
        assert "by sending the message that opens" in html

    def test_without_a_preheader_the_first_words_stand_in(self, build: Build, issue: Issue) -> None:
        long = "Words & more words, " * 12
        html, _ = parts(build(replace(with_body(issue, nugget("A", long)), preheader="")))
        first = re.search(r';">(Words &amp; more words, Words.*?…)&#847;', html)
        assert first
        assert 100 < len(unescape(first[1])) <= 110
        empty, _ = parts(build(replace(with_body(issue, nugget("A")), preheader="")))
        assert "&#847;" not in empty

    def test_vancouver_numbers_its_references(self, build: Build) -> None:
        for part in parts(build(style="vancouver")):
            assert "[1] Warren DJ" in part

    def test_only_the_first_tier_differs_in_the_digest(self, build: Build, issue: Issue) -> None:
        first, second = build(), build(replace(issue, title="Other"))
        assert first.digest != second.digest
        assert first == build()


class TestOwnTemplates:
    def test_a_partial_replaces_one_part(self, build: Build, themed: MakeTheme) -> None:
        own = "<mj-text>{{ publication.title|upper }}</mj-text>\n<mj-text>{{ issue.title }}</mj-text>"
        html, _ = parts(build(theme=themed({"email/masthead.mjml.j2": own})))
        assert "SORE &amp; SANE" in html
        assert "Unsubscribe" in html

    def test_tokens_reach_layout_and_content(self, build: Build, themed: MakeTheme) -> None:
        html, _ = parts(build(theme=themed(tokens='[light]\naccent = "#004488"\n[sizes]\nbody = 19\n')))
        assert "#8a3324" not in html
        assert "border-left:3px solid #004488" in html
        assert "font-size:19px" in html

    @pytest.mark.parametrize(
        ("name", "own", "words"),
        [
            ("nugget", "<mj-text>{{ nugget.title }}</mj-text>", "never show nugget.content"),
            ("nugget", "<mj-text>{{ nugget.content }}</mj-text>", "never show nugget.title"),
            ("references", "<mj-text>Sources</mj-text>", "never show references"),
            ("footer", "<mj-text>Bye</mj-text>", "never show unsubscribe_url"),
            (
                "nugget",
                "<mj-text>{{ nugget.title }}{{ nugget.content }}{{ nugget.content }}</mj-text>",
                "show nugget.content more than once",
            ),
            (
                "nugget",
                "<mj-text>{{ nugget.title }}{{ nugget.content|upper }}</mj-text>",
                "changes a slot",
            ),
            (
                "nugget",
                "<mj-text>{{ nugget.title }} {{ nugget.content }}</mj-text>",
                "show nugget.title where only words can stand",
            ),
            (
                "nugget",
                '<mj-text><b>{{ nugget.title }}</b><i title="{{ nugget.content }}">x</i></mj-text>',
                "show nugget.content where only words can stand",
            ),
            (
                "nugget",
                "<mj-text><b>{{ nugget.title }}</b><!-- <i>{{ nugget.content }}</i> --></mj-text>",
                "show nugget.content where only words can stand",
            ),
            (
                "nugget",
                '<mj-text x="{{ nugget.title }}">{{ nugget.content }}</mj-text>',
                "no attribute x",
            ),
            (
                "nugget",
                "<mj-text><b>{{ nugget.title }}</b><p>{{ nugget.content }}</p>{{ nugget.rest }}</mj-text>",
                "nugget.content, and parts of it again",
            ),
            ("masthead", "<mj-text>{{ issue.title|upper }}</mj-text>", "changes a slot"),
            ("masthead", "<mj-text>{{ issue.title|title }}</mj-text>", "changes a slot"),
            ("masthead", "<mj-text>{{ issue.titel }}</mj-text>", "cannot be filled in"),
            ("masthead", "<mj-text>{% if %}</mj-text>", "cannot be read"),
            ("masthead", "<mj-txt>x</mj-txt>", "no <mj-txt> here"),
        ],
    )
    def test_faults(self, build: Build, themed: MakeTheme, name: str, own: str, words: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            build(theme=themed({f"email/{name}.mjml.j2": own}))
        (problem,) = caught.value.problems
        assert words in problem.message
        assert problem.file.startswith("email/")

    def test_bad_mjml_is_found_in_the_template_that_holds_it(self, build: Build, themed: MakeTheme) -> None:
        with pytest.raises(ConfigurationError) as caught:
            build(
                theme=themed({"email/masthead.mjml.j2": "<mj-text>fine</mj-text>\n\n  <mj-txt>x</mj-txt>\n"})
            )
        assert (caught.value.problems[0].file, caught.value.problems[0].line) == ("email/masthead.mjml.j2", 3)
        own = '<mj-text>\n<a href="{{ issue.url }}">{{ issue.title }}</b>\n</mj-text>'
        with pytest.raises(ConfigurationError) as caught:
            build(theme=themed({"email/masthead.mjml.j2": own}))
        assert (caught.value.problems[0].file, caught.value.problems[0].line) == ("email/masthead.mjml.j2", 2)

    def test_cards_show_the_picture_apart(self, build: Build, issue: Issue, themed: MakeTheme) -> None:
        card = (
            "<mj-text>{% if nugget.picture %}<div>{{ nugget.picture }}</div>{% endif %}"
            "<b>{{ nugget.title }}</b>{% if nugget.caption %}<i>{{ nugget.caption }}</i>{% endif %}"
            "<p>{{ nugget.rest }}</p></mj-text>"
        )
        html, text = parts(build(theme=themed({"email/nugget.mjml.j2": card})))
        picture = html.index("six-clots/clot.png")
        assert picture < html.index("A clot rides the bloodstream") < html.index("The oldest report")
        assert html.count("six-clots/clot.png") == html.count("A clot rides the bloodstream") == 1
        assert text.index("The oldest report") < text.index("A clot rides the bloodstream")

    @pytest.mark.parametrize(
        ("shown", "words"),
        [
            ("<p>{{ nugget.rest }}</p>", "show nugget.rest, but never nugget.picture"),
            ("<p>{{ nugget.rest }}</p>{{ nugget.picture }}", "show nugget.rest, but never nugget.caption"),
            ("<p>{{ nugget.content }}</p>{{ nugget.picture }}", "nugget.content, and parts of it again"),
        ],
    )
    def test_cards_lose_nothing(self, build: Build, themed: MakeTheme, shown: str, words: str) -> None:
        card = f"<mj-text><b>{{{{ nugget.title }}}}</b>{shown}</mj-text>"
        with pytest.raises(ConfigurationError, match=words):
            build(theme=themed({"email/nugget.mjml.j2": card}))

    def test_a_template_may_not_cut_a_merge_field(self, build: Build, themed: MakeTheme) -> None:
        own = {"email/issue.txt.j2": "{{ intro[:6] }} {{ unsubscribe_url }}"}
        with pytest.raises(ConfigurationError, match="changes a merge field") as caught:
            build(theme=themed(own))
        assert caught.value.problems[0].file == "email/issue.txt.j2"

    def test_only_so_many_layouts_are_kept(
        self, build: Build, issue: Issue, themed: MakeTheme, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shapes = [with_body(issue, *(nugget(f"N{n}", "x") for n in range(count))) for count in range(4)]
        digests = [build(each).digest for each in shapes]
        monkeypatch.setattr(mail, "_SHAPES_KEPT", 2)
        theme = themed()
        assert [build(each, theme=theme).digest for each in shapes * 2] == digests * 2

    def test_the_text_must_say_how_to_leave(self, build: Build, themed: MakeTheme) -> None:
        with pytest.raises(ConfigurationError, match="unsubscribe_url") as caught:
            build(theme=themed({"email/footer.txt.j2": "Bye."}))
        assert caught.value.problems[0].file == "email/issue.txt.j2"


class TestHoles:
    def test_merge_fields_everywhere(self, build: Build, issue: Issue) -> None:
        merge = Merge("first_name", "there", line=7)
        words = (Text("a"), merge, Text("b"))
        body = Body(
            (Paragraph(words), Quotation((Paragraph(words),), words)),
            (),
            (Nugget(words, "n", (Listing((ListItem((Paragraph(words),)),)), Members((Paragraph(words),)))),),
        )
        edition = build(replace(issue, body=body, preheader='Dear {{ first_name or "there" }}, hello'))
        for tier, in_html, in_text in ((Tier.FREE, 6, 5), (Tier.MEMBER, 7, 6)):
            rendition = edition.rendition(tier)
            assert rendition.html.count(Merge("first_name", "there")) == in_html
            assert rendition.text.count(Merge("first_name", "there")) == in_text
            for part in (rendition.html, rendition.text):
                assert "\ufffe" not in "".join(each for each in part if isinstance(each, str))

    def test_the_subject(self, edition: Edition) -> None:
        assert edition.rendition(Tier.FREE).subject == ("Six clots, ", Merge("first_name", "dear reader"))

    def test_fields_differ_by_name_and_fallback(self, build: Build, issue: Issue) -> None:
        merges = (Merge("a"), Merge("a", ""), Merge("a", "x"), Merge("b", "x"), Merge("a"))
        edition = build(replace(issue, body=Body((Paragraph(merges),), (), ())))
        found = [each for each in edition.rendition(Tier.FREE).html if isinstance(each, Merge)]
        assert found[:5] == list(merges)

    def test_nothing_can_imitate_a_stand_in(self, build: Build, issue: Issue) -> None:
        forged = "0 slot00000000000000000000n0x {{ email }}"
        html, text = parts(build(with_body(issue, nugget("A", f"\ufffe0\uffff \ufffe!\uffff{forged}"))))
        assert f"0 !{forged}" in html
        assert "<<email>>" not in html + text


class TestSize:
    def test_too_large(self, build: Build, issue: Issue) -> None:
        nuggets = [nugget("Small", "x"), nugget("Largest", "y" * 60_000), nugget("Large & <b>", "z" * 50_000)]
        with pytest.raises(ContentError) as caught:
            build(with_body(issue, *nuggets))
        (problem,) = caught.value.problems
        assert problem.code == "too-large"
        assert problem.file == issue.file
        assert "102,400" in problem.message
        assert (
            problem.hint.index("“Largest” 6")
            < problem.hint.index("“Large & <b>” 5")
            < problem.hint.index("Small")
        )

    def test_too_large_without_nuggets(self, build: Build, issue: Issue) -> None:
        with pytest.raises(ContentError) as caught:
            build(with_body(issue, intro="x" * HTML_LIMIT))
        assert caught.value.problems[0].hint == "Shorten it, or make two issues of it."

    def test_budget(self, edition: Edition) -> None:
        free, member = byte_budget(edition)
        assert (free.tier, member.tier) == (Tier.FREE, Tier.MEMBER)
        assert free.html < member.html < HTML_LIMIT
        assert free.text < member.text
        assert [title for title, _ in free.blocks] == [
            "What to look for before you press",
            "“This has nothing to do with competent massage”",
            "An elderly woman and her well-meaning husband",
            "Sources",
        ]
        assert sum(size for _, size in free.blocks) < free.html

    def test_budget_counts_holes_as_filled(self, edition: Edition) -> None:
        free, _ = byte_budget(edition)
        literal = sum(
            len(each.encode()) for each in edition.rendition(Tier.FREE).html if isinstance(each, str)
        )
        assert literal + 80 < free.html < literal + 400


class TestFreezing:
    def test_round_trip(self, edition: Edition) -> None:
        text = edition_to_json(edition)
        assert edition_from_json(text) == edition
        assert edition_to_json(edition_from_json(text)) == text
        assert "\n" not in text
        assert edition.digest not in text

    def test_round_trip_of_everything_a_merge_field_has(self, build: Build, issue: Issue) -> None:
        fields = (
            Merge("first_name", filters=("title", "upper")),
            Merge("tier", "Join us.", then="Thank you."),
            Merge("name", ""),
        )
        edition = build(replace(issue, body=Body((Paragraph(fields),))))
        assert edition_from_json(edition_to_json(edition)) == edition
        assert set(fields) <= set(edition.rendition(Tier.FREE).html)

    def test_moving_words_from_one_segment_to_the_next_changes_the_digest(self, identity: Identity) -> None:
        def digest(*segments: str) -> str:
            rendition = Rendition(Tier.FREE, segments, ("x",), ("y",))
            return freeze("s", "t", identity, [rendition]).digest

        assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("3")}) == 4

    def test_the_digest_is_over_the_json(self, edition: Edition) -> None:
        changed = edition_from_json(edition_to_json(edition).replace("Six cases", "Six CASES"))
        assert changed.digest != edition.digest

    def test_the_identity_belongs_to_it(self, build: Build, identity: Identity, edition: Edition) -> None:
        assert build(identity=replace(identity, from_name="Somebody Else")).digest != edition.digest

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", '{"format":1}', '{"format":1,"renditions":[{"tier":"vip"}]}'],
    )
    def test_damaged(self, text: str) -> None:
        with pytest.raises(StorageError, match="cannot be read"):
            edition_from_json(text)

    def test_another_format(self) -> None:
        with pytest.raises(StorageError, match="format 9"):
            edition_from_json('{"format":9}')


def test_nothing_at_all(build: Build, issue: Issue) -> None:
    html, text = parts(build(replace(issue, body=Body())))
    assert "Sources" not in html + text
    assert "Unsubscribe" in html
    assert "Unsubscribe" in text


def test_unknown_citations_and_pictures_do_not_stop_the_build(build: Build, issue: Issue) -> None:
    blocks = (Paragraph((Citation((Cite("nobody"),)), Picture("no.png", "x"))),)
    html, text = parts(build(replace(issue, body=Body(blocks), date=date(2026, 1, 1))))
    assert "(?nobody)" in html
    assert "(?nobody)" in text
