"""A PostgreSQL server of the imagination, at the border where the driver would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg2
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from twisted_kong.db.strategies.postgres.driver import Rows

SESSION = "begin; set default_transaction_isolation"


def server_error(sqlstate: str | None, message: str = "no") -> psycopg2.Error:
    """An error as psycopg2 raises it."""
    kind = type("ServerError", (psycopg2.OperationalError,), {"pgcode": sqlstate})
    error: psycopg2.Error = kind(message)
    return error


class FakeServer:
    """Makes connections that a test answers by hand; all it needs to know of them is here.

    ``refusal`` is raised to who connects; ``silent`` lets connecting hang; both may depend on the address.
    ``invalid_setting`` is a setting that sessions cannot have.
    """

    def __init__(self) -> None:
        self.drivers: list[FakeDriver] = []
        self.refusal: Callable[[str], Exception | None] = lambda _: None
        self.silent: Callable[[str], bool] = lambda _: False
        self.standbys: set[str] = set()
        self.invalid_setting: str | None = None
        self._questions = 0

    def make(self) -> FakeDriver:
        """A new, closed connection."""
        driver = FakeDriver(self)
        self.drivers.append(driver)
        return driver

    @property
    def open(self) -> list[FakeDriver]:
        """The connections that are open."""
        return [each for each in self.drivers if not each.closed]

    @property
    def asked(self) -> list[FakeDriver]:
        """The connections with a question that was not answered yet, the oldest question first."""
        return sorted(
            (each for each in self.drivers if each.waiting is not None), key=lambda one: one.asked_at
        )

    def next_question(self) -> int:
        """Questions are numbered in the order they are asked."""
        self._questions += 1
        return self._questions

    def answer(self, rows: Rows | None = None) -> None:
        """Answer the oldest question."""
        self.asked[0].answer(rows)


class FakeDriver:
    """One connection (``IDriver``)."""

    def __init__(self, server: FakeServer) -> None:
        self.lost: Callable[[BaseException], object] = _ignore
        self.notified: Callable[[str], object] = _ignore
        self.server_version = 150004
        self.parameters: dict[str, Any] = {}
        self.queries: list[tuple[str, tuple[Any, ...]]] = []
        self.waiting: Deferred[Any] | None = None
        self.closed = True
        self.in_transaction = False
        self.asked_at = 0
        self._server = server

    @property
    def is_idle(self) -> bool:
        """Whether it is open, outside of a transaction, with nothing under way."""
        return not self.closed and not self.in_transaction and self.waiting is None

    @property
    def query(self) -> str:
        """What it was asked last."""
        return self.queries[-1][0]

    def connect(self, **parameters: Any) -> Deferred[Any]:
        """Connect as the server has it."""
        self.parameters = parameters
        address = parameters.get("hostaddr", parameters["host"])
        refusal = self._server.refusal(address)
        if refusal is not None:
            return fail(refusal)
        if self._server.silent(address):
            self.waiting = Deferred()
            return self.waiting
        self.closed = False
        return succeed(self)

    def execute(self, query: str, parameters: Sequence[Any]) -> Deferred[Rows]:
        """Wait for the test's answer; the session's settings are done at once."""
        self.queries.append((query, tuple(parameters)))
        if query.startswith(SESSION):
            if self._server.invalid_setting in parameters:
                return fail(server_error("22023", "invalid value for parameter"))
            address = self.parameters.get("hostaddr", self.parameters["host"])
            return succeed([(address in self._server.standbys,)])
        if self.closed:
            return fail(psycopg2.InterfaceError("connection already closed"))
        assert self.waiting is None, "asked while a query is under way"
        self.asked_at = self._server.next_question()
        self.in_transaction = self.in_transaction or query.startswith("begin")
        self.waiting = Deferred()
        return self.waiting

    def answer(self, rows: Rows | None = None) -> None:
        """Answer what was asked."""
        waiting = self._taken()
        if "commit" in self.query or self.query == "rollback":
            self.in_transaction = False
        waiting.callback(rows or [])

    def refuse(self, error: Exception) -> None:
        """Answer with an error."""
        self._taken().errback(error)

    def die(self, error: Exception | None = None) -> None:
        """End as when the server has gone."""
        self.closed = True
        gone = error or server_error(None, "server closed the connection unexpectedly\n\tThis probably means")
        if self.waiting is not None:
            self.refuse(gone)
        else:
            self.lost(gone)

    def close(self) -> None:
        """Close it; who waits hears of it, as from txpostgres."""
        self.closed = True
        if self.waiting is not None:
            self.refuse(ConnectionError("closed"))

    def _taken(self) -> Deferred[Any]:
        waiting, self.waiting = self.waiting, None
        assert waiting is not None, "nothing was asked"
        return waiting


class FakeNames:
    """Resolves names (``IHostnameResolver``) from a table, at once, or never where it is silent."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self.table = table
        self.is_silent = False
        self.receivers: list[Any] = []

    def resolveHostName(self, receiver: Any, host: str) -> None:  # noqa: N802 - Twisted's name
        """Tell the addresses."""
        self.receivers.append(receiver)
        receiver.resolutionBegan(None)
        if not self.is_silent:
            for address in self.table.get(host, []):
                receiver.addressResolved(_Address(address))
            receiver.resolutionComplete()


class PostgresClock(Clock):
    """A reactor for pools of fake connections."""

    def __init__(self, **names: list[str]) -> None:
        super().__init__()
        self.nameResolver = FakeNames(names)


class _Address:
    def __init__(self, host: str) -> None:
        self.host = host


def _ignore(_: object) -> None:
    pass
