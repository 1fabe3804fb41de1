from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.checks.limits import limits_order


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({}, None),
        ({"second": 5, "minute": 5, "hour": None, "year": 7}, None),
        (
            {"minute": 10, "hour": 5},
            "the limit for hour(5.0) cannot be lower than the limit for minute(10.0)",
        ),
        ({"second": "x", "hour": 5}, None),
    ],
)
def test_longer_periods_allow_no_less(limits: dict[str, Any], text: str | None) -> None:
    """The first two that contradict each other are named; what is no number is judged elsewhere."""
    assert limits_order(limits) == text
