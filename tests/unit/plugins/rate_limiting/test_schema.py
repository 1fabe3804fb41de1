from __future__ import annotations

from typing import Any

import pytest

from tests.kit.reference import reference_plugins
from twisted_kong.plugins.rate_limiting.schema import SCHEMA, limits_order_and_sync


def test_the_schema_is_kongs() -> None:
    """Order, scopes and every field of the configuration."""
    assert reference_plugins()["rate-limiting"] == SCHEMA


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"second": 5, "minute": 5, "year": 7}, None),
        (
            {"minute": 10, "hour": 5},
            "The limit for hour(5.0) cannot be lower than the limit for minute(10.0)",
        ),
        (
            {"second": 2.25, "day": 1},
            "The limit for day(1.0) cannot be lower than the limit for second(2.2)",
        ),
        ({"minute": 1, "sync_rate": 5}, "sync_rate can only be used with the redis policy"),
        ({"policy": "redis", "sync_rate": 0.01}, "sync_rate must be greater than 0.02, or -1 to disable"),
        ({"policy": "redis", "sync_rate": 0.02}, None),
        ({"policy": "cluster"}, None),
    ],
)
def test_limits_must_make_sense_together(config: dict[str, Any], text: str | None) -> None:
    """A longer period allows no less than a shorter one, and counters are synchronised with Redis only."""
    assert limits_order_and_sync({"policy": "local", "sync_rate": -1, **config}) == text
