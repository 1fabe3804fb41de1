"""Whether a server answers."""

from __future__ import annotations

from twisted.internet.task import Clock

from tests.kit.logs import caught_errors, caught_infos
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.postgres.errors import Refusal
from twisted_kong.db.strategies.postgres.health import LONGEST_PAUSE, LONGEST_REFUSED_PAUSE, Health

AWAY = DatabaseUnavailable("connection refused")


def pauses(health: Health, clock: Clock, error: DatabaseError, times: int) -> list[float]:
    """How long nothing is tried after each of so many failures in a row."""
    found = []
    for _ in range(times):
        health.could_not_open(error)
        begun = clock.seconds()
        while health.paused is not None:
            clock.advance(0.005)
        found.append(round(clock.seconds() - begun, 1 if times > 6 else 2))
    return found


def test_since_when_and_why() -> None:
    """The first failure dates the outage, the latest tells the reason, an answer ends it."""
    clock = Clock()
    health = Health(clock)
    assert (health.unreachable_since, health.last_error, health.paused) == (None, None, None)
    clock.advance(100)
    health.failed(AWAY)
    clock.advance(1)
    starting = DatabaseUnavailable("starting up")
    health.failed(starting)
    assert (health.unreachable_since, health.last_error) == (100, starting)
    assert health.paused is None
    health.answered()
    assert (health.unreachable_since, health.last_error) == (None, None)


def test_pauses_grow_to_a_bound() -> None:
    """Who does not answer is tried a quarter of a second later at the latest, who refuses us rather later."""
    clock = Clock()
    assert pauses(Health(clock), clock, AWAY, 6) == [0.05, 0.1, 0.2] + 3 * [LONGEST_PAUSE]
    refused = Refusal("password authentication failed")
    assert pauses(Health(clock), clock, refused, 9)[-1] == LONGEST_REFUSED_PAUSE


def test_a_clock_that_is_set_back_stretches_no_pause() -> None:
    """It may be asked at once, not in an hour."""
    clock = Clock()
    clock.advance(7200)
    health = Health(clock)
    health.could_not_open(AWAY)
    assert health.paused is AWAY
    clock.rightNow -= 3600
    assert health.paused is None


def test_pauses_begin_anew() -> None:
    """Once a connection was made the next outage is looked into closely again."""
    clock = Clock()
    health = Health(clock)
    pauses(health, clock, AWAY, 5)
    health.could_not_open(AWAY)
    health.opened()
    assert health.paused is None
    assert pauses(health, clock, AWAY, 1) == [0.05]


def test_each_reason_is_logged_once() -> None:
    """An outage of an hour is a line for each reason and one for its end, whatever was asked meanwhile."""
    clock = Clock()
    health = Health(clock)
    health.opened()
    with caught_errors() as errors, caught_infos() as infos:
        for reason in ("refused", "refused", "starting up", "starting up"):
            health.could_not_open(DatabaseUnavailable(reason))
        clock.advance(3)
        health.answered()
        health.answered()
    assert errors == ["refused", "starting up"]
    assert infos == ["PostgreSQL answers again, after 3.0 seconds"]


def test_a_server_that_never_answered_is_the_callers_news() -> None:
    """A node that waits for it makes a new pool for each try, and would have the same logged each time."""
    with caught_errors() as errors:
        Health(Clock()).could_not_open(AWAY)
    assert errors == []
