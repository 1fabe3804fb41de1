"""One connection to a server: deadlines on all it is asked, and the session's settings.

A server may stop answering at any time without closing anything, and libpq would wait for ever.
So whatever is asked has a deadline, past which the connection is closed; it is never asked to cancel, since
that is one more connection to the same server.
Whoever gives up waiting (``Deferred.cancel``) closes it as well: the answer to a question that nobody waits
for would be taken for that of the next.

The server is told to give up a little earlier by itself, so that a slow query costs no connection, and not to
work on for a client that has gone or fallen silent within a transaction.
What a database or a role may have set otherwise for all sessions, and transactions here rely on, is set too:
each statement sees what was committed before it, and a lock is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import psycopg2
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.postgres.driver import IDriver, Rows
from twisted_kong.db.strategies.postgres.errors import sqlstate
from twisted_kong.db.strategies.postgres.settings import Settings

T = TypeVar("T")

# Of the deadline: when the server gives a statement up by itself.
SERVER_SHARE = 0.9
# Milliseconds between the server's looks whether the client of a running query is still there.
CHECK_INTERVAL = "500"
_CHECKS_CLIENT = 140000
_INVALID_VALUE = "22023"
# In transactions of their own, before anything that looks: a standby shows nothing to who is serializable.
_ISOLATION = "begin; set default_transaction_isolation to 'read committed'; commit;"


class IClock(Protocol):
    """What is asked of the reactor here."""

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any) -> IDelayedCall:  # noqa: N802
        """Run something later."""

    def seconds(self) -> float:
        """Epoch seconds."""


class NoAnswer(DatabaseUnavailable):
    """The server did not answer within the deadline; the connection was closed."""


class Connection:
    """A connection to one server, to be opened once.

    :param server: which of the servers it leads to, for messages and for comparison.
    """

    def __init__(self, driver: IDriver, clock: IClock, settings: Settings, server: str) -> None:
        self.server = server
        self.is_standby = False
        # Whether it has answered since it lay idle: if not, it may have died there.
        self.is_proven = True
        self.idle_since = clock.seconds()
        self._driver = driver
        self._clock = clock
        self._settings = settings
        self._waiting: Deferred[Any] | None = None
        self._on_lost: Callable[[], object] | None = None
        driver.lost = self._lost

    @property
    def closed(self) -> bool:
        """Whether it cannot be used any longer."""
        return self._driver.closed

    @property
    def is_idle(self) -> bool:
        """Whether it is open, outside of a transaction, with nothing under way."""
        return self._driver.is_idle

    @property
    def is_in_transaction(self) -> bool:
        """Whether it is open and within a transaction, or in the middle of a query."""
        return not self._driver.closed and not self._driver.is_idle

    async def open(self, parameters: dict[str, Any], seconds: float) -> None:
        """Connect and prepare the session; psycopg2's errors, or :class:`NoAnswer`."""
        deadline = self._clock.seconds() + seconds
        await self._within(self._driver.connect(**parameters), seconds)
        try:
            await self._prepare(self._driver.server_version, deadline, seconds)
        except psycopg2.Error as error:
            if sqlstate(error) != _INVALID_VALUE:
                raise
            # a server on a system where it cannot look whether a client is there
            await self._prepare(0, deadline, seconds)

    async def _prepare(self, server_version: int, deadline: float, seconds: float) -> None:
        query, values = session_query(self._settings, server_version)
        left = max(0.0, deadline - self._clock.seconds())
        [(self.is_standby, *_)] = await self._within(self._driver.execute(query, values), left, seconds)

    def run(self, query: str, parameters: Sequence[Any] = ()) -> Deferred[Rows]:
        """The rows of a message's last statement; psycopg2's errors, or :class:`NoAnswer`."""
        if self._waiting is not None:
            return fail(RuntimeError("a connection is asked one thing at a time"))
        return self._within(self._driver.execute(query, parameters), self._settings.timeout)

    def on_lost(self, call: Callable[[], object]) -> None:
        """Have something called once when the connection ends while nothing is asked of it."""
        self._on_lost = call

    def on_notified(self, call: Callable[[str], object]) -> None:
        """Have each notification's payload handed over, in order."""
        self._driver.notified = call

    def close(self) -> None:
        """Close at once; whoever waits for an answer gets :class:`DatabaseUnavailable`."""
        waiting, self._waiting = self._waiting, None
        self._driver.close()
        if waiting is not None:
            waiting.errback(DatabaseUnavailable(f"PostgreSQL at {self.server}: the connection was closed"))
        self._tell_lost()

    def _within(self, work: Deferred[T], seconds: float, told: float | None = None) -> Deferred[T]:
        """Wait for so many seconds, of which others may be told more: what went before counts as well."""
        answer: Deferred[T] = Deferred(lambda _: self._abandon())
        self._waiting = answer
        timer = self._clock.callLater(seconds, self._expire, seconds if told is None else told)

        def settle(result: T | Failure) -> None:
            if timer.active():
                timer.cancel()
            if self._waiting is answer:
                self._waiting = None
                if isinstance(result, Failure):
                    answer.errback(result)
                else:
                    answer.callback(result)

        work.addBoth(settle)
        return answer

    def _expire(self, seconds: float) -> None:
        waiting, self._waiting = self._waiting, None
        self._driver.close()
        if waiting is not None:
            waiting.errback(NoAnswer(f"PostgreSQL at {self.server} did not answer within {_told(seconds)}"))

    def _abandon(self) -> None:
        self._waiting = None
        self._driver.close()

    def _lost(self, error: BaseException) -> None:
        self._driver.close()
        self._tell_lost()

    def _tell_lost(self) -> None:
        call, self._on_lost = self._on_lost, None
        if call is not None:
            call()


def _told(seconds: float) -> str:
    return f"{seconds:.1f} seconds" if seconds >= 1 else f"{seconds * 1000:.3g} milliseconds"


def session_query(settings: Settings, server_version: int) -> tuple[str, tuple[Any, ...]]:
    """The query that prepares a session, and tells whether the server is a standby."""
    limit = str(max(1, int(settings.timeout * SERVER_SHARE * 1000)))
    chosen = {
        "statement_timeout": limit,
        # who holds locks and says nothing has been stopped, or is gone without a word
        "idle_in_transaction_session_timeout": limit,
        "lock_timeout": "0",
        "timezone": "UTC",
    }
    if server_version >= _CHECKS_CLIENT:
        chosen["client_connection_check_interval"] = CHECK_INTERVAL
    terms = ["set_config(%s, %s, false)"] * len(chosen)
    values: list[Any] = [part for pair in chosen.items() for part in pair]
    # an acknowledged write outlives a crash of the server, whatever the server thinks of it
    terms.append(
        "set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on'"
        " else current_setting('synchronous_commit') end, false)"
    )
    if settings.schema is not None:
        terms.append("set_config('search_path', quote_ident(%s), false)")
        values.append(settings.schema)
    return f"{_ISOLATION} select pg_is_in_recovery(), {', '.join(terms)}", tuple(values)
