"""Keeps one connection listening for notifications, whatever happens to it.

What was notified while there was no connection is lost, so each new one counts as a notification.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.postgres.connection import Connection
from twisted_kong.db.strategies.postgres.errors import translated
from twisted_kong.db.strategies.postgres.pool import Pool

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0


class Listener:
    """Listens on a channel with a connection out of a pool, which thus has one less for queries.

    With a pool of one it does not listen at all.

    :param heard: called with each payload, and with an empty one after each time that listening began.
    """

    _log = Logger()

    def __init__(self, pool: Pool, channel: str, heard: Callable[[str], object], reactor: Any) -> None:
        self._pool = pool
        self._channel = channel
        self._heard = heard
        self._clock = reactor
        self._loop: Deferred[None] | None = None
        self._trouble: str | None = None

    def start(self) -> None:
        """Begin to listen, and go on trying."""
        if self._loop is None and self._pool.settings.pool_size > 1:
            self._loop = Deferred.fromCoroutine(self._keep_listening())

    async def stop(self) -> None:
        """Close the connection."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.cancel()
            with suppress(CancelledError):
                await loop

    async def _keep_listening(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                connection = await self._pool.reserve()
            except DatabaseError as error:
                self._complain(error)
            else:
                if await self._listen(connection):
                    pause = FIRST_PAUSE
            await self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _listen(self, connection: Connection) -> bool:
        """Listen until the connection ends; whether it came to that."""
        ended: Deferred[None] = Deferred()
        connection.on_notified(self._hear)
        connection.on_lost(lambda: ended.callback(None))
        try:
            quoted = self._channel.replace('"', '""')
            await connection.run(f'listen "{quoted}"')
            self._trouble = None
            self._hear("")
            await ended
        except CancelledError:
            raise
        except Exception as error:
            self._complain(translated(error))
            return False
        finally:
            connection.close()
            self._pool.release(connection)
        return True

    def _hear(self, payload: str) -> None:
        try:
            self._heard(payload)
        except Exception:
            self._log.failure("a notification was not taken")

    def _complain(self, error: Exception) -> None:
        reason = str(error)
        if reason != self._trouble:
            self._trouble = reason
            self._log.warn("notifications of changes are off, polling goes on: {reason}", reason=reason)

    def _wait(self, seconds: float) -> Deferred[None]:
        done: Deferred[None] = Deferred(lambda _: call.cancel())
        call = self._clock.callLater(seconds, done.callback, None)
        return done
