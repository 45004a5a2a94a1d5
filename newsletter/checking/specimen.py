"""An issue that uses everything an issue can hold, to see whether templates can show it all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from newsletter.model import Issue, Name, PictureFile, Reference
from newsletter.writing.issue import Source, read_issue

_TEXT = """\
---
title: A specimen of everything
preheader: It shows all that an issue can hold, so that no template is left untried before it is needed.
status: ready
tags: [specimen]
---

Dear {{ first_name or "reader" }}, this is an *introduction* with a [link](https://example.org/).

## A nugget with a quotation

> The difficulty lies in escaping
> from the old ideas.
>
> — John Maynard Keynes, 1936

Source: [@specimen]

## A nugget with a picture and a table

![A grey square](specimen.png "The caption")

| one | two |
| --- | ---: |
| a | 1 |

1. first
2. second

:::aside
A remark beside the argument.[^note]
:::

[^note]: And a footnote.

https://www.youtube.com/watch?v=specimen
A video that says the same

## A nugget with an objection

### A heading inside it

A ~~word~~ that was taken back,\\
and a line that breaks.

---

:::objection But is it true?
It is `code`, and it is **important**.
:::

```text
code
```

:::email
Only in the mail.
:::

:::web
Only on the page.
:::

:::members
A part for members.
:::

:::members

## A nugget for members

Only for members.

:::
"""

REFERENCES: Mapping[str, Reference] = {
    "specimen": Reference(
        key="specimen",
        kind="book",
        title="A Specimen",
        authors=(Name(family="Example", given="Ann"),),
        year="1936",
    )
}
"""The work that the specimen cites."""

PICTURES: Mapping[str, PictureFile] = {"specimen.png": PictureFile("specimen.png", 600, 400, 1000, "png")}
"""The picture that the specimen shows."""


def specimen() -> Issue:
    """The specimen."""
    return read_issue(Source("specimen.md", "specimen", date(2026, 1, 1), _TEXT))
