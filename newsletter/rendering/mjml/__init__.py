"""MJML into HTML, safely: what the engine passes in silence, names no place for or dies of is found here.

The engine (mrml, through mjml-python) lets unknown components, attributes and values and wrong closing tags
pass, names byte offsets or no place at all, panics on some input and overflows its stack on deep nesting. So
the source is looked through first, tag by tag, and whatever the engine still says is said again with line and
column.
"""

from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.mjml.source import Locate

__all__ = ["Locate", "compile_mjml"]
