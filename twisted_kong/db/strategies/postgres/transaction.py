"""One transaction on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.strategies.postgres.connection import Connection
from twisted_kong.db.strategies.postgres.driver import Rows


class ILender(Protocol):
    """Where a connection comes from and goes back to."""

    def acquire(self) -> Deferred[Connection]:
        """A connection for one's own."""

    def release(self, connection: Connection) -> None:
        """Give it back."""

    async def first(self, query: str, parameters: Sequence[Any]) -> tuple[Connection, Rows]:
        """A connection for one's own, with the rows of a first message on it."""

    async def ask(
        self, connection: Connection, query: str, parameters: Sequence[Any], *, commits: bool = False
    ) -> Rows:
        """The rows of a message."""


class Transaction:
    """Statements that take effect together, at :meth:`finish`, or not at all.

    The first takes a connection and begins the transaction, in one message.
    After an error there is nothing but to leave.
    """

    def __init__(self, lender: ILender) -> None:
        self._lender = lender
        self._connection: Connection | None = None

    async def run(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of a statement."""
        if self._connection is not None:
            return await self._lender.ask(self._connection, query, parameters)
        self._connection, rows = await self._lender.first(f"begin; {query}", parameters)
        return rows

    async def finish(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of the last statement of a message that contains the commit.

        :class:`OutcomeUnknown` where the server did not say whether it has committed.
        """
        if self._connection is None:
            self._connection = await self._lender.acquire()
            query = f"begin; {query}"
        return await self._lender.ask(self._connection, query, parameters, commits=True)

    async def leave(self) -> None:
        """Roll back what was not committed and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.is_in_transaction:
                with suppress(DatabaseError, LostRace):
                    await self._lender.ask(connection, "rollback", ())
        finally:
            # one that is still in the middle of it is closed there
            self._lender.release(connection)
