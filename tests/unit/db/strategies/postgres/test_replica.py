"""When the replica is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, started, success_of
from tests.kit.logs import caught_infos, caught_warnings
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.postgres.replica import (
    FIRST_REST,
    FIRST_TRY,
    LAGS_LONG,
    LAGS_OFTEN,
    LONGEST_REST,
    LONGEST_TRY,
    PATIENCE,
    Replica,
)
from twisted_kong.db.strategies.postgres.statement import Rows, Statement

AWAY = DatabaseUnavailable("no route")


class FakeServer:
    """Answers as a test says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[], Deferred[Rows]] = self.works

    async def run(self, query: str, parameters: tuple[object, ...] = ()) -> Rows:
        """What is said."""
        self.asked.append(query)
        return await self.answer()

    def works(self) -> Deferred[Rows]:
        """Answer."""
        deferred: Deferred[Rows] = Deferred()
        deferred.callback([(1,)])
        return deferred

    def fails(self) -> Deferred[Rows]:
        """Refuse."""
        deferred: Deferred[Rows] = Deferred()
        deferred.errback(AWAY)
        return deferred


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def server() -> FakeServer:
    """The replica itself."""
    return FakeServer()


@pytest.fixture
def replica(server: FakeServer, clock: Clock) -> Replica:
    """What is known of it."""
    return Replica(server, clock, "the database kong at replica:5432")


def ask(replica: Replica) -> Deferred[Rows | None]:
    """A question, asked."""
    return started(replica.run(Statement("question")))


def test_asked(replica: Replica) -> None:
    """A replica is ready at first, and its answer handed on."""
    assert replica.is_ready
    assert success_of(ask(replica)) == [(1,)]
    assert replica.is_ready


def test_away_and_back(replica: Replica, server: FakeServer, clock: Clock) -> None:
    """One that failed is not asked by readers; tried in the background, it is back as soon as it answers."""
    server.answer = server.fails
    with caught_warnings() as warnings:
        assert success_of(ask(replica)) is None
        assert not replica.is_ready
        clock.advance(FIRST_TRY)
        assert not replica.is_ready
    assert len(warnings) == 1
    server.answer = server.works
    clock.advance(2 * FIRST_TRY)
    assert replica.is_ready
    assert server.asked == ["question", *["select 1 from changes limit 1"] * 2]
    assert clock.getDelayedCalls() == []


def test_tried_ever_more_rarely(replica: Replica, server: FakeServer, clock: Clock) -> None:
    """The pauses between two tries grow, to a limit."""
    server.answer = server.fails
    with caught_warnings():
        success_of(ask(replica))
    clock.pump([FIRST_TRY] * 400)
    tries = len(server.asked) - 1
    assert 400 * FIRST_TRY / LONGEST_TRY < tries < 25
    replica.stop()
    assert clock.getDelayedCalls() == []


def test_silence(replica: Replica, server: FakeServer, clock: Clock) -> None:
    """One that does not answer is not waited for any longer than the patience, by anyone."""
    server.answer = Deferred
    asked = [ask(replica), ask(replica)]
    no_result(asked[0])
    with caught_warnings() as warnings:
        clock.advance(PATIENCE)
    assert [success_of(each) for each in asked] == [None, None]
    assert len(warnings) == 1
    assert not replica.is_ready
    replica.stop()


def test_busy(replica: Replica, server: FakeServer, clock: Clock) -> None:
    """One that is slow with one question and answers others is not away."""
    server.answer = Deferred
    slow = ask(replica)
    clock.advance(PATIENCE / 2)
    server.answer = server.works
    success_of(ask(replica))
    clock.advance(PATIENCE / 2)
    assert success_of(slow) is None
    assert replica.is_ready


def test_lagging(replica: Replica, clock: Clock) -> None:
    """One that lags rests for a moment, for longer each time until it has caught up."""
    rests = []
    for _ in range(10):
        replica.lags()
        assert not replica.is_ready
        begun = clock.seconds()
        while not replica.is_ready:
            clock.advance(FIRST_REST / 4)
        rests.append(clock.seconds() - begun)
    assert rests[0] == pytest.approx(FIRST_REST, rel=0.3)
    assert rests[1] == pytest.approx(2 * FIRST_REST, rel=0.3)
    assert rests[-1] == pytest.approx(LONGEST_REST, rel=0.3)
    replica.caught_up()
    replica.lags()
    clock.advance(FIRST_REST)
    assert replica.is_ready


def test_one_that_never_follows(replica: Replica, clock: Clock) -> None:
    """It is told once by name, and once that it follows again; one that is seldom asked may just lag."""
    with caught_warnings() as warnings, caught_infos() as infos:
        for _ in range(LAGS_OFTEN - 1):
            replica.lags()
            clock.advance(LAGS_LONG)
        assert warnings == []
        replica.caught_up()
        for _ in range(3 * LAGS_OFTEN):
            replica.lags()
            clock.advance(LAGS_LONG / LAGS_OFTEN)
        assert warnings == [
            "the replica, the database kong at replica:5432, does not follow the primary, at least not as"
            " fast as is written: everything is read from the primary"
        ]
        assert infos == []
        replica.caught_up()
        replica.caught_up()
        assert infos == ["the replica, the database kong at replica:5432, follows the primary again"]


def test_stopped_while_it_is_tried(replica: Replica, server: FakeServer, clock: Clock) -> None:
    """Who stops leaves no try behind, and a replica that is stopped is not ready."""
    server.answer = server.fails
    with caught_warnings():
        success_of(ask(replica))
    server.answer = Deferred
    clock.advance(FIRST_TRY)
    replica.stop()
    assert not replica.is_ready
    assert clock.getDelayedCalls() == []
