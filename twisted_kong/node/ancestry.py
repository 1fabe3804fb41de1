"""Whether a position belongs to the history that the database holds, or to one that was lost.

Positions compare by number alone.  After a failover that lost commits, or the restore of a backup, numbers
are given out anew: then "has applied 120" no longer tells that change 117 of before was ever seen.  So before
a greater number is believed to mean "later", the log is asked whether it holds the position itself.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from twisted_kong.core.changes import ChangeBatch, Position


class Descent(Enum):
    """Where a position comes from."""

    OURS = "the log holds it"
    # Nobody can tell any more whether it was ours; by its number it lies before all that is kept.
    OLDER = "older than what the log still holds"
    # Of another history, or ahead of the log as it is seen from here.
    FOREIGN = "the log does not hold it"


class IHistory(Protocol):
    """The part of the log that is asked; see ``db.interfaces.IChangeLog``."""

    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        """What the log still holds after a position, or from its beginning."""


async def descent_of(position: Position, log: IHistory) -> Descent:
    """Ask the log where a position comes from."""
    if (await log.history(position, 1)).continuous:
        return Descent.OURS
    return Descent.FOREIGN if position >= await oldest_of(log) else Descent.OLDER


async def oldest_of(log: IHistory) -> Position:
    """The oldest position that the log still holds."""
    beginning = await log.history(None, 1)
    return beginning.changes[0].position if beginning.changes else beginning.position
