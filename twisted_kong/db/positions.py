"""Positions in a log whose rows are numbered without gaps, and how a reader shows that it missed nothing.

Each row of the log has a number, one more than the row before it, and a tag made by chance.
A position is the number and the tag of the last row a reader has applied.
Asking for what comes next, the reader reads its own row again together with the rows after it:

* the row is there with the same tag, and the numbers after it are consecutive: nothing was missed;
* the row is gone: it fell out of retention, or the database is an older copy of itself;
* the row has another tag: the database was restored and then written to, this is another history;
* a number is missing: rows were removed by hand.

In every case but the first nothing is known, and doubt means stale.
The log begins with a row 0 that records no change, so that a reader of an empty log has a row to stand on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering

from typing_extensions import override

from twisted_kong.core.changes import Change, ChangeBatch, Position

_PRINTED = re.compile(r"(0|[1-9][0-9]{0,17})-([0-9a-f]{8})")


@total_ordering
@dataclass(frozen=True, slots=True)
class LogPosition:
    """The row of the log a reader has got to; printed as ``123-9f3ab2c1``.

    Ordered by number only: positions of two histories of one database compare, but prove nothing.
    """

    number: int
    tag: str

    def __lt__(self, other: LogPosition) -> bool:
        return self.number < other.number

    @override
    def __str__(self) -> str:
        return f"{self.number}-{self.tag}"


def parse(text: str) -> LogPosition:
    """Read a printed position; ValueError for anything else."""
    match = _PRINTED.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a position")
    return LogPosition(int(match[1]), match[2])


def changes_between(earlier: Position, later: Position) -> int | None:
    """How many changes lie between two positions by their numbers; None where that cannot be told."""
    if not isinstance(earlier, LogPosition) or not isinstance(later, LogPosition):
        return None
    return later.number - earlier.number if later >= earlier else None


def batch_from(position: LogPosition, rows: Sequence[Change], limit: int) -> ChangeBatch | None:
    """What follows a position, from the rows that one query returned; None when continuity cannot be shown.

    :param rows: the row at the position and the ones after it, ascending, at most ``limit + 2`` of them.
    """
    numbers = [row.position.number for row in rows if isinstance(row.position, LogPosition)]
    if numbers != list(range(position.number, position.number + len(rows))):
        return None
    if not rows or rows[0].position != position:
        return None
    changes = tuple(rows[1 : limit + 1])
    reached = changes[-1].position if changes else position
    return ChangeBatch(changes=changes, position=reached, continuous=True, more=len(rows) > limit + 1)


def beginning_of(rows: Sequence[Change], limit: int) -> ChangeBatch:
    """The oldest changes that a log still holds, from its first rows.

    :param rows: ascending from the first, at least one and at most ``limit + 2`` of them; row 0, which
        records no change, may be the first.
    """
    changes = [row for row in rows if not _is_row_0(row)]
    kept = tuple(changes[:limit])
    reached = kept[-1].position if kept else rows[0].position
    return ChangeBatch(changes=kept, position=reached, continuous=True, more=len(changes) > limit)


def _is_row_0(row: Change) -> bool:
    return isinstance(row.position, LogPosition) and row.position.number == 0
