"""What was told of commits, and whether the log has been read that far since.

A notification is a hint and never believed: it may be lost, late, or of a history that is no more.  It says
that a row is in the log of the primary.  Where the log is polled on a replica, that may not have it yet; so
it is polled again soon, with pauses that double, and after :data:`PATIENCE` on the primary.
What the primary does not have either is forgotten.
"""

from __future__ import annotations

from twisted_kong.db.positions import LogPosition

# Seconds until the next poll, while what was told of is not there yet.
FIRST_PAUSE = 0.003
LONGEST_PAUSE = 0.5
# Seconds for which a replica is given time to get there.
PATIENCE = 2.0


class News:
    """What one process has heard and polled; ``now`` is in seconds of a clock that nobody sets."""

    def __init__(self) -> None:
        self._told: LogPosition | None = None
        # What the replica is given time to reach, and since when; what is told of later gets its time later.
        self._goal = LogPosition(-1, "")
        self._since = 0.0
        self._pause = FIRST_PAUSE
        self._gaps = 0
        self._gaps_polled = 0
        self._polled = LogPosition(-1, "")

    @property
    def is_there(self) -> bool:
        """Whether the log holds, or may hold, what was not polled yet."""
        return self._told is not None or self._gaps > self._gaps_polled

    def hear(self, position: LogPosition, now: float) -> None:
        """A row is in the primary's log."""
        if position.number <= self._polled.number:
            return
        if self._told is None:
            self._goal, self._since, self._pause = position, now, FIRST_PAUSE
        if self._told is None or position >= self._told:
            self._told = position

    def may_have_missed(self) -> None:
        """Something may have been told of and not heard; or it is not known what is in the log any longer."""
        self._gaps += 1

    def forget(self) -> None:
        """History was lost: what was told of and what was polled belong to another one."""
        self._told = None
        self._polled = LogPosition(-1, "")
        self.may_have_missed()

    def is_overdue(self, now: float) -> bool:
        """Whether a replica has had its time, so that the primary is to be polled."""
        return self._told is not None and now - self._since >= PATIENCE

    def begin(self) -> Mark:
        """To be called before each poll, and handed to :meth:`polled` after it."""
        return self._gaps, self._told

    def polled(self, mark: Mark, head: LogPosition, now: float, *, from_primary: bool) -> float | None:
        """The log was polled and ended so; in how many seconds to poll it again, None if nothing is due."""
        gaps, told = mark
        self._gaps_polled = max(self._gaps_polled, gaps)
        self._polled = max(self._polled, head)
        if self._told is not None and (
            self._told.number <= head.number or (from_primary and self._told is told)
        ):
            self._told = None
        if self._told is None:
            return None
        if head >= self._goal:
            self._goal, self._since, self._pause = self._told, now, FIRST_PAUSE
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        return pause


Mark = tuple[int, "LogPosition | None"]
