"""The calendar windows in which requests are counted, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

PERIODS = ("second", "minute", "hour", "day", "month", "year")
LENGTHS = (1, 60, 3600, 86400, 2592000, 31536000)
"""How long each is said to be, in seconds (Kong: a month is always 30 days)."""


def starts_at(second: int) -> tuple[int, ...]:
    """When the window of each period began that this second (since the epoch) is in."""
    day = second - second % 86400
    date = datetime.fromtimestamp(second, UTC)
    month = datetime(date.year, date.month, 1, tzinfo=UTC)
    year = datetime(date.year, 1, 1, tzinfo=UTC)
    return (
        second,
        second - second % 60,
        second - second % 3600,
        day,
        int(month.timestamp()),
        int(year.timestamp()),
    )


class Windows:
    """The windows of the present second, worked out once."""

    __slots__ = ("_second", "_starts")

    def __init__(self) -> None:
        self._second = -1
        self._starts: tuple[int, ...] = ()

    def starts(self, now: float) -> tuple[int, ...]:
        """When the window of each period began that ``now`` is in."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._starts = starts_at(second)
        return self._starts
