"""Listening, whatever happens."""

from __future__ import annotations

import pytest

from tests.kit.deferreds import started, success_of
from tests.kit.logs import caught_failures, caught_warnings
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from twisted_kong.db.strategies.postgres.listener import LONGEST_PAUSE, Listener
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings


class Listening:
    """A listener on a pool, and what it has heard."""

    def __init__(self, size: int = 2) -> None:
        self.clock, self.server = PostgresClock(), FakeServer()
        settings = Settings(hosts=(("10.0.0.1", 5432),), pool_size=size)
        self.pool = Pool(settings, self.clock, writable=True, make_driver=self.server.make)
        self.heard: list[str] = []
        self.listener = Listener(self.pool, 'kong_changes:"x"', self.heard.append, self.clock)
        self.listener.start()

    def stop(self) -> None:
        """End it; nothing may be left."""
        success_of(self.listener.stop())
        success_of(self.pool.close())
        assert self.clock.getDelayedCalls() == []
        assert self.server.open == []


def test_hears() -> None:
    """The channel's name is quoted; listening begins with an empty word, since some may have been missed."""
    listening = Listening()
    [driver] = listening.server.drivers
    assert driver.query == 'listen "kong_changes:""x"""'
    assert listening.heard == []
    driver.answer()
    driver.notified("1-00000000")
    assert listening.heard == ["", "1-00000000"]
    assert listening.pool.statistics.busy == 1
    listening.stop()


def test_listens_again() -> None:
    """A connection that ends is replaced at once, and what was missed counts as heard."""
    listening = Listening()
    listening.server.answer()
    listening.server.drivers[0].die()
    assert listening.pool.statistics.open == 0
    listening.clock.advance(0.1)
    listening.server.answer()
    assert listening.heard == ["", ""]
    listening.stop()


def test_tries_on() -> None:
    """A server that is away is asked again and again, ever more rarely, with one line for each reason."""
    listening = Listening()
    listening.server.refusal = lambda _: server_error(None, "connection refused")
    with caught_warnings() as warnings:
        listening.server.drivers[0].die()
        for _ in range(300):
            listening.clock.advance(0.1)
    attempts = len(listening.server.drivers)
    assert 20 < attempts < 40
    assert len(warnings) == 2
    listening.server.refusal = lambda _: None
    for _ in range(int(LONGEST_PAUSE * 10)):
        listening.clock.advance(0.1)
    listening.server.answer()
    assert listening.heard == [""]
    listening.stop()


@pytest.mark.parametrize("state", ["42501", "57014"])
def test_refused(state: str) -> None:
    """That it may not listen is told once, and tried again."""
    listening = Listening()
    with caught_warnings() as warnings:
        for _ in range(2):
            listening.server.asked[0].refuse(server_error(state, "no"))
            listening.clock.advance(1.0)
    assert warnings == ["notifications of changes are off, polling goes on: PostgreSQL: no"]
    listening.stop()


def test_the_only_connection_is_for_queries() -> None:
    """With a pool of one nothing is listened to."""
    listening = Listening(size=1)
    assert listening.server.drivers == []
    listening.stop()


def test_an_error_of_who_hears() -> None:
    """Listening goes on; the error is logged."""
    listening = Listening()
    listening.server.answer()
    calls = iter([ValueError("no"), None])

    def hear(payload: str) -> None:
        error = next(calls)
        if error is not None:
            raise error
        listening.heard.append(payload)

    listening.listener._heard = hear
    with caught_failures() as failures:
        listening.server.drivers[0].notified("1")
    listening.server.drivers[0].notified("2")
    assert (failures, listening.heard) == (["no"], ["", "2"])
    listening.stop()


def test_stops_while_it_begins() -> None:
    """Stopping waits for no answer."""
    listening = Listening()
    assert listening.server.asked != []
    listening.stop()


def test_queries_go_on_beside_it() -> None:
    """It keeps one connection and no more; the others are for queries."""
    listening = Listening(size=2)
    listening.server.answer()
    asked = [started(listening.pool.run("select 1")) for _ in range(3)]
    assert listening.pool.statistics.open == 2
    for each in asked:
        listening.server.answer()
        success_of(each)
    listening.stop()
