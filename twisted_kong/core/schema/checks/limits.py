"""Limits for several periods, of which the longer ones must not allow less than the shorter ones."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

PERIODS: tuple[str, ...] = ("second", "minute", "hour", "day", "month", "year")


def limits_order(limits: Mapping[str, Any]) -> str | None:
    """Whether longer periods allow no less than shorter ones."""
    given = [period for period in PERIODS if isinstance(limits.get(period), int | float)]
    for lower, upper in combinations(given, 2):
        if limits[upper] < limits[lower]:
            return (
                f"the limit for {upper}({limits[upper]:.1f}) cannot be lower than "
                f"the limit for {lower}({limits[lower]:.1f})"
            )
    return None
