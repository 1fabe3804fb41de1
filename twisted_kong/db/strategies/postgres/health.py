"""Whether a server answers, since when it does not and why, and when to try it again.

After a connection could not be made the same reason is given to all for a moment, which doubles each time:
a server that refuses is not hammered, and one that is back is found soon.
Where it is there and refuses us, as with a wrong password, it is asked still more rarely.
"""

from __future__ import annotations

from twisted.logger import Logger

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.postgres.connection import IClock
from twisted_kong.db.strategies.postgres.errors import Refusal

# Seconds without an attempt after one that failed: the first time, at most, and at most when refused.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.25
LONGEST_REFUSED_PAUSE = 5.0


class Health:
    """What is known of the server of a pool.

    Outages are logged. Of a server that has never answered its errors alone tell: whoever starts the node
    and waits for it asks through a new pool each time, and logs the reason once.

    ``unreachable_since`` is in epoch seconds, None while it answers; ``last_error`` tells why it does not.
    """

    _log = Logger()

    def __init__(self, clock: IClock) -> None:
        self.unreachable_since: float | None = None
        self.last_error: DatabaseError | None = None
        self._clock = clock
        self._met = False
        self._pause = 0.0
        self._not_before = 0.0

    @property
    def paused(self) -> DatabaseError | None:
        """Why no connection is tried just now; None when one may be."""
        left = self._not_before - self._clock.seconds()
        # much more than a pause: somebody has set the clock back
        return self.last_error if 0.0 < left < 2 * self._pause else None

    def answered(self) -> None:
        """The server has answered something."""
        self._met = True
        if self.unreachable_since is not None:
            seconds = self._clock.seconds() - self.unreachable_since
            self._log.info("PostgreSQL answers again, after {seconds:.1f} seconds", seconds=seconds)
        self.unreachable_since = None
        self.last_error = None

    def opened(self) -> None:
        """A connection was made."""
        self._pause = self._not_before = 0.0
        self.answered()

    def failed(self, error: DatabaseError) -> None:
        """The server did not answer, or went."""
        news = self.last_error is None or self.last_error.message != error.message
        if news and self._met:
            self._log.error("{reason}", reason=error.message)
        self.last_error = error
        if self.unreachable_since is None:
            self.unreachable_since = self._clock.seconds()

    def could_not_open(self, error: DatabaseError) -> None:
        """No connection could be made."""
        longest = LONGEST_REFUSED_PAUSE if isinstance(error, Refusal) else LONGEST_PAUSE
        self._pause = min(max(FIRST_PAUSE, self._pause * 2), longest)
        self._not_before = self._clock.seconds() + self._pause
        self.failed(error)
