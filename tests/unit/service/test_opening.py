"""Waiting for a database that is not there yet."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.logs import caught_infos, caught_warnings
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.service.opening import Opening


class Away:
    """A database that cannot be opened until it can."""

    def __init__(self, *errors: DatabaseError) -> None:
        self.errors = list(errors)
        self.open = 0
        self.migrate: bool | None = None
        self.hangs: Deferred[None] | None = None

    async def start(self, *, migrate: bool) -> None:
        self.migrate = migrate
        self.open += 1
        if self.hangs is not None:
            await self.hangs
        if self.errors:
            raise self.errors.pop(0)

    async def stop(self) -> None:
        self.open -= 1


def opening(away: Away, clock: Clock, told: list[str], *, waits: bool = True) -> Deferred[object]:
    """The way to it, begun."""
    way = Opening(lambda: away, clock, migrate=False, waits=waits, tell=told.append)  # type: ignore[arg-type, return-value]
    return started(way.database())


def test_it_is_tried_again_with_growing_pauses() -> None:
    """Until it is there; each failure is told to whoever waits, and logged where the reason is new."""
    refused, starting = DatabaseUnavailable("refused"), DatabaseUnavailable("starting up")
    away, clock, told = Away(refused, refused, starting), Clock(), list[str]()
    with caught_warnings() as warnings, caught_infos() as infos:
        opened = opening(away, clock, told)
        for pause in (1.0, 2.0, 4.0):
            no_result(opened)
            clock.advance(pause)
        assert success_of(opened) is away
    assert told == ["refused", "refused", "starting up"]
    assert (away.open, away.migrate) == (1, False)
    assert warnings == ["waiting for the database: refused", "waiting for the database: starting up"]
    assert infos == ["the database is there after 7 seconds"]


def test_what_no_waiting_mends_ends_it() -> None:
    """A wrong password, or a layout that is not up to date; and everything where nothing is waited for."""
    for error, waits in ((DatabaseError("wrong password"), True), (DatabaseUnavailable("no file"), False)):
        away = Away(error)
        assert failure_of(opening(away, Clock(), [], waits=waits), DatabaseError) is error
        assert away.open == 0


@pytest.mark.parametrize("hangs", [True, False])
def test_giving_up_leaves_nothing_open(hangs: bool) -> None:
    """While it is tried as between two tries."""
    away, clock = Away(DatabaseUnavailable("refused")), Clock()
    away.hangs = Deferred() if hangs else None
    opened = opening(away, clock, [])
    opened.cancel()
    failure_of(opened, CancelledError)
    assert away.open == 0
    assert clock.getDelayedCalls() == []
