import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.importing.shortcodes import without_shortcodes


def kept(text: str) -> str:
    return without_shortcodes(text, "My title")[0]


def lost(text: str) -> list[tuple[int, str]]:
    return without_shortcodes(text, "My title")[1]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain {x} words", "plain {x} words"),
        ("{% highlight c++ linenos %}\nint x;\n{% endhighlight %}", "\n````c++\nint x;\n````\n"),
        ('{{< highlight go "linenos=1" >}}\nx{{< /highlight >}}', "\n````go\nx\n````\n"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("a{% comment %}x\ny{% endcomment %}b", "a\nb"),
        ("a{# x #}b", "ab"),
        ("`{{ code }}` and ``{% x %}``", "`{{ code }}` and ``{% x %}``"),
        ("```\n{{ code }}\n```", "```\n{{ code }}\n```"),
        ("{{ page.title }}: {{site.baseurl}}/a", "My title: /a"),
        ('{{ "/about/" | relative_url }}', "/about/"),
        ("{{ '/a.css' | absolute_url | escape }}", "/a.css"),
        ("[x]({% link _posts/a.md %})", "[x](/_posts/a.md)"),
        ("[x]({% post_url 2020-01-02-name %})", "[x](/name/)"),
        ('[x]({{< ref "/posts/a.md" >}})', "[x](/posts/a.md)"),
        ('[x]({{< relref path="a" >}})', "[x](a)"),
        ("## Title {#an-id}\ntext {: .x}", "## Title\ntext {: .x}"),
        ("para\n{: .x #y}\n[l](u){:target='_blank'}", "para\n\n[l](u)"),
    ],
)
def test_what_can_be_said_in_markdown(text: str, result: str) -> None:
    assert kept(text) == result
    assert lost(text) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("{{< youtube abc >}}", "https://www.youtube.com/watch?v=abc"),
        ('{{< youtube id="abc" autoplay="true" >}}', "https://www.youtube.com/watch?v=abc"),
        ("{% youtube abc %}", "https://www.youtube.com/watch?v=abc"),
        ('{% youtube "https://youtu.be/abc" %}', "https://youtu.be/abc"),
        ('{% include youtube.html id="abc" %}', "https://www.youtube.com/watch?v=abc"),
        ("{{< vimeo 12 >}}", "https://vimeo.com/12"),
        ('{{< tweet user="x" id="12" >}}', "https://twitter.com/i/status/12"),
        ("{{< x somebody 12 >}}", "https://twitter.com/i/status/12"),
        ("{{< instagram abc >}}", "https://www.instagram.com/p/abc/"),
    ],
)
def test_what_is_shown_elsewhere_becomes_a_link(text: str, address: str) -> None:
    assert kept(text).strip() == f'<p><a href="{address}">{address}</a></p>'


@pytest.mark.parametrize(
    "text",
    [
        '{{< figure src="a.png" alt="A &" caption="C" >}}',
        "{{% figure src='a.png' alt='A &' title='C' %}}",
        '{% figure src="a.png" alt="A &" caption="C" %}',
        '{% include image.html url="a.png" alt="A &" caption="C" %}',
    ],
)
def test_pictures_become_figures(text: str) -> None:
    assert kept(text).strip() == '<figure><img src="a.png" alt="A &amp;"><figcaption>C</figcaption></figure>'
    assert kept('{% image "a.png", "An a" %}').strip() == '<figure><img src="a.png" alt="An a"></figure>'


def test_the_rest_is_taken_out_and_reported_with_its_line() -> None:
    text = (
        "one\n{{< notice tip >}}\ninside\n{{< /notice >}}\n{{< figure >}}\n{% if x %}\n"
        '{{< figure src="a" >}}{{ some.field | size }}\n:::note\nx\n:::\n{{}}\n{% include nothing.html %}'
    )
    assert lost(text) == [
        (2, "the shortcode notice"),
        (6, "the tag if"),
        (7, "the field some.field"),
        (8, "the container note"),
        (11, "the field {{}}"),
        (12, "the tag include"),
    ]
    assert "inside" in kept(text)
    assert not {"{{", "{%", ":::"} & set(kept(text).split())


@given(
    st.lists(
        st.sampled_from(["{{", "}}", "{%", "%}", "{{<", ">}}", "`", "```\n", "\n", "x", '"', "figure", " "])
    ).map("".join)
)
def test_anything_is_survived(text: str) -> None:
    without_shortcodes(text, "T")
