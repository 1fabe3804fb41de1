"""Windows begin where the calendar says, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twisted_kong.plugins.rate_limiting.windows import LENGTHS, PERIODS, Windows, starts_at


@pytest.mark.parametrize(
    ("moment", "starts"),
    [
        (
            (2026, 11, 24, 0, 26, 27),
            [
                (2026, 11, 24, 0, 26, 27),
                (2026, 11, 24, 0, 26),
                (2026, 11, 24),
                (2026, 11, 24),
                (2026, 11, 1),
                (2026, 1, 1),
            ],
        ),
        (
            (2024, 2, 29, 23, 59, 59),
            [
                (2024, 2, 29, 23, 59, 59),
                (2024, 2, 29, 23, 59),
                (2024, 2, 29, 23),
                (2024, 2, 29),
                (2024, 2, 1),
                (2024, 1, 1),
            ],
        ),
        ((2026, 1, 1), [(2026, 1, 1)] * 6),
    ],
)
def test_starts(moment: tuple[int, ...], starts: list[tuple[int, ...]]) -> None:
    """Second, minute, hour, day, month and year that a moment is in."""

    def epoch(parts: tuple[int, ...]) -> int:
        return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]

    assert list(starts_at(epoch(moment))) == [epoch(start) for start in starts]
    assert len(PERIODS) == len(LENGTHS) == 6


def test_remembered_for_a_second() -> None:
    """Within a second the same windows are given, in the next new ones."""
    windows = Windows()
    assert windows.starts(100.2) is windows.starts(100.9)
    assert windows.starts(101.0)[0] == 101
