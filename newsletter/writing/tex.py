"""TeX inside BibTeX values becomes plain Unicode: accents decoded, braces and commands taken away."""

from __future__ import annotations

import re
import unicodedata

from newsletter.writing.cleaning import clean

_TEX = re.compile(r"[\\{}$~]|--|``|''")
# commands that only say how their argument looks: \emph{word}, {\em word}
_LOOKS = re.compile(
    r"\\(?:emph|text(?:it|bf|rm|sc|tt|sl|up|normal|superscript|subscript)?|mbox|url|uppercase|lowercase|enquote)"
    r"(?![A-Za-z])\s*(?=\{)"
    r"|\\(?:em|it|bf|rm|sc|tt|sl|itshape|bfseries|scshape|textit)(?![A-Za-z])\s*"
)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+\s*|[^A-Za-z\s])")
# signs that mean themselves after a backslash pass through the decoding as private characters
_ESCAPED = ((r"\$", "\ue000"), (r"\{", "\ue001"), (r"\}", "\ue002"))


def plain_tex(value: str) -> str:
    """`value` as readers should see it.

    Raises ValueError when braces are not balanced.
    """
    if _TEX.search(value) is None:
        return clean(" ".join(value.split()))
    # slow to import, and only references with TeX in them need it
    from pybtex.richtext import Text
    from pybtex.scanner import PybtexSyntaxError

    for sign, stand_in in _ESCAPED:
        value = value.replace(sign, stand_in)
    try:
        text = str(Text.from_latex(_LOOKS.sub("", value)))
    except UnicodeDecodeError as error:  # the codec's word for TeX that it cannot read
        raise ValueError(f"“{' '.join(value.split())[:40]}” is not TeX") from error
    except PybtexSyntaxError as error:
        raise ValueError(f"the braces in “{' '.join(value.split())[:40]}” are not balanced") from error
    text = _COMMAND.sub("", text).replace("$", "")
    for sign, stand_in in _ESCAPED:
        text = text.replace(stand_in, sign[1])
    return clean(unicodedata.normalize("NFC", " ".join(text.split())))
