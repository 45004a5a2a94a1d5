"""How Sphinx builds this documentation: `sphinx-build -W -n docs docs/_build`."""

from importlib.metadata import version as _version

project = "Newsletter"
author = "The Newsletter contributors"
copyright = "2026, The Newsletter contributors"
version = release = _version("newsletter")

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Newsletter"
html_copy_source = False
html_show_sphinx = False
