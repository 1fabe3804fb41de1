"""Tests of the style sheet, the script and the policy that names them."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from twisted_kong.admin.openapi.page_assets import POLICY, SCRIPT, STYLE


def test_the_policy_lets_nothing_else_in() -> None:
    """Everything is refused but the two texts that stand in the page."""
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    for name, text in (("style-src", STYLE), ("script-src", SCRIPT)):
        assert rules[name] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_nothing_is_fetched() -> None:
    """Neither a font nor a picture nor another script."""
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\s", STYLE + SCRIPT)


def test_the_texts_cannot_end_their_elements() -> None:
    """They stand in the page as they are."""
    assert "</" not in STYLE + SCRIPT


def test_the_page_is_light_or_dark_as_its_reader_wants() -> None:
    """By the colour scheme that the browser tells."""
    assert "prefers-color-scheme:dark" in STYLE.replace(" ", "")
