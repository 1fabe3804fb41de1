from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.plugins.opentelemetry.schema import resource_attribute_values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", None),
        (1, None),
        (True, None),
        ("", "required field missing"),
        ([], "invalid type of value: list"),
    ],
)
def test_attributes_have_values_that_can_be_sent(value: Any, text: str | None) -> None:
    """Texts, numbers and booleans."""
    assert resource_attribute_values({"ok": "x", "a": value}) == text
