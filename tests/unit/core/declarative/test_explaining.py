"""Errors as a terminal shows them."""

from __future__ import annotations

from twisted_kong.core.declarative.explaining import explained


def test_layout() -> None:
    """Kong's: entries by their place in a list, what is good left out."""
    found = {"x": "unknown field", "services": [None, {"port": "bad", "tags": [None, "worse"]}]}
    assert explained(found).splitlines() == [
        "in 'services':",
        "  - in entry 2 of 'services':",
        "    in 'port': bad",
        "    in 'tags':",
        "      - in entry 2 of 'tags': worse",
        "in 'x': unknown field",
    ]
