"""Opens the database of a node that starts, and waits for one that is not there yet.

Machines and containers come up in any order, and a node that gave up at once would only be started again.
So a server that cannot be reached is tried until it can; what no waiting will mend ends the start.
A file is not waited for: nobody is about to bring it.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.database import Database

# Seconds between two tries: at first, and at most.
FIRST_PAUSE = 1.0
LAST_PAUSE = 15.0


class Opening:
    """The way to an open database.

    :param make: makes the database, not started; asked anew for each try.
    :param migrate: whether its layout is brought up to date; refused otherwise when it is not.
    :param waits: whether to wait for one that cannot be reached.
    :param tell: called with the reason after each try that failed and will be followed by another.
    """

    _log = Logger()

    def __init__(
        self,
        make: Callable[[], Database],
        clock: IReactorTime,
        *,
        migrate: bool,
        waits: bool,
        tell: Callable[[str], object],
    ) -> None:
        self._make, self._clock, self._tell = make, clock, tell
        self._migrate, self._waits = migrate, waits

    async def database(self) -> Database:
        """The open database, which is the caller's to stop; DatabaseError where waiting does not help.

        Whoever gives up waiting (``Deferred.cancel``) leaves nothing open.
        """
        told, pause, began = "", FIRST_PAUSE, self._clock.seconds()
        while True:
            try:
                database = await self._opened()
            except DatabaseUnavailable as error:
                if not self._waits:
                    raise
                if error.message != told:
                    self._log.warn("waiting for the database: {reason}", reason=error.message)
                told = error.message
            else:
                if told:
                    waited = self._clock.seconds() - began
                    self._log.info("the database is there after {waited:.0f} seconds", waited=waited)
                return database
            self._tell(told)
            await deferLater(self._clock, pause)
            pause = min(pause * 2, LAST_PAUSE)

    async def _opened(self) -> Database:
        database = self._make()
        try:
            await database.start(migrate=self._migrate)
        except BaseException:
            await database.stop()
            raise
        return database
