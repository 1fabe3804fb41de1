"""Holds up commits on a PostgreSQL database, so that a test meets a writer in the middle of one."""

from __future__ import annotations

from tests.kit.postgres import PostgresDatabase
from tests.kit.turns import until
from twisted_kong.db.strategies.postgres.log import LOCKS

_LOG = "%s + 'changes'::regclass::oid::bigint"
_WAITING = "select count(*) from pg_locks where not granted"


class Gate:
    """The lock of the log: while it is closed nobody commits."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._connection = database.connect()
        self._cursor = self._connection.cursor()

    def close(self) -> None:
        """Let nobody commit."""
        self._cursor.execute(f"select pg_advisory_lock({_LOG})", (LOCKS,))

    def open(self) -> None:
        """Let them commit."""
        self._cursor.execute(f"select pg_advisory_unlock({_LOG})", (LOCKS,))

    async def waiting(self, count: int) -> None:
        """Wait until so many writers wait, for the gate or for one another."""
        await until(lambda: self._waiting() == count)

    def end(self) -> None:
        """Close the connection, and so open the gate."""
        self._connection.close()

    def _waiting(self) -> int:
        self._cursor.execute(_WAITING)
        return int(self._cursor.fetchone()[0])
