"""How Sphinx builds the documentation."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "twisted_kong"
author = "The twisted_kong authors"
release = version = version_of("twisted_kong")

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
# Headings can be linked to: page.md#a-heading
myst_heading_anchors = 3

# News fragments are not pages; towncrier gathers them into CHANGELOG.md.
exclude_patterns = ["changes"]

html_theme = "furo"
html_title = f"twisted_kong {release}"
