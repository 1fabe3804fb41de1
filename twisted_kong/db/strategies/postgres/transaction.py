"""One transaction on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_kong.db.strategies.postgres.connection import Connection
from twisted_kong.db.strategies.postgres.driver import Rows
from twisted_kong.db.strategies.postgres.errors import translated


class ILender(Protocol):
    """Where a connection comes from and goes back to."""

    def acquire(self) -> Deferred[Connection]:
        """A connection for one's own."""

    def release(self, connection: Connection) -> None:
        """Give it back."""

    def failed(self, connection: Connection, error: BaseException) -> None:
        """Say what was raised on it."""

    def answered(self, connection: Connection) -> None:
        """Say that it answered."""


class Transaction:
    """Statements that take effect together, at :meth:`finish`, or not at all.

    The connection is taken with the first statement, which begins the transaction in the same message.
    """

    def __init__(self, lender: ILender) -> None:
        self._lender = lender
        self._connection: Connection | None = None
        self._begun = False

    async def run(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of a statement; translated errors, after which there is nothing but to leave."""
        connection = await self._taken()
        if not self._begun:
            query = f"begin; {query}"
        self._begun = True
        try:
            rows = await connection.run(query, parameters)
        except Exception as error:
            self._lender.failed(connection, error)
            raise translated(error) from error
        self._lender.answered(connection)
        return rows

    async def finish(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of the last statement of a message that contains the commit.

        :class:`OutcomeUnknown` where the server did not say whether it has committed.
        """
        connection = await self._taken()
        if not self._begun:
            query = f"begin; {query}"
        self._begun = True
        try:
            rows = await connection.run(query, parameters)
        except Exception as error:
            # open still, and in a transaction: then it is one that failed
            unknown = connection.closed or connection.is_idle
            self._lender.failed(connection, error)
            raise translated(error, outcome_unknown=unknown) from error
        self._lender.answered(connection)
        return rows

    async def leave(self) -> None:
        """Roll back what was not committed and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not connection.closed and not connection.is_idle:
            try:
                await connection.run("rollback")
            except Exception as error:
                self._lender.failed(connection, error)
                connection.close()
        self._lender.release(connection)

    async def _taken(self) -> Connection:
        if self._connection is None:
            self._connection = await self._lender.acquire()
        return self._connection
