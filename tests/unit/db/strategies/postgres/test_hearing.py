"""How word of commits reaches whoever follows the log."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.postgres_driver import FakeServer, PostgresClock
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.hearing import PATIENCE, Hearing
from twisted_kong.db.strategies.postgres.news import FIRST_PAUSE
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings


class Follower:
    """Somebody who follows a log, and counts how often they were told to poll."""

    def __init__(self, size: int = 2) -> None:
        self.clock, self.server = PostgresClock(), FakeServer()
        settings = Settings(hosts=(("10.0.0.1", 5432),), pool_size=size)
        self.pool = Pool(settings, self.clock, writable=True, make_driver=self.server.make)
        self.hearing = Hearing(self.pool, self.clock, self.clock)
        self.told = 0
        self.hearing.pass_on(self._count)

    def start(self) -> Deferred[None]:
        """Begin to listen."""
        return started(self.hearing.start("kong_changes:x"))

    def listening(self) -> Follower:
        """The same, listening, with nothing missed."""
        begun = self.start()
        self.server.answer()
        success_of(begun)
        self.poll(0)
        self.told = 0
        return self

    def poll(self, number: int, *, from_primary: bool = False) -> None:
        """A poll that finds the log to end there."""
        mark = self.hearing.begin()
        self.hearing.polled(mark, LogPosition(number, "a" * 8), from_primary=from_primary)

    def notify(self, payload: str) -> None:
        """The server says something."""
        self.server.drivers[0].notified(payload)

    def stop(self) -> None:
        """End it; nothing may be left."""
        success_of(self.hearing.stop())
        success_of(self.pool.close())
        assert self.clock.getDelayedCalls() == []

    def _count(self) -> None:
        self.told += 1


def test_the_start_waits_until_it_hears() -> None:
    """From the start on nothing is missed, where the server answers soon; and one poll is due."""
    follower = Follower()
    begun = follower.start()
    no_result(begun)
    follower.server.answer()
    success_of(begun)
    assert (follower.told, follower.hearing.is_news) == (1, True)
    follower.stop()


def test_the_start_does_not_wait_for_ever() -> None:
    """A server that is slow to listen delays nobody for long."""
    follower = Follower()
    begun = follower.start()
    follower.clock.advance(PATIENCE)
    success_of(begun)
    follower.stop()


def test_stopped_while_it_starts() -> None:
    """Who stops does not leave the start waiting."""
    follower = Follower()
    begun = follower.start()
    follower.stop()
    success_of(begun)


def test_started_again_after_a_start_that_was_given_up() -> None:
    """It listens once, and nothing of the first try is left, whether or not another one follows."""
    follower = Follower(size=3)
    begun = follower.start()
    begun.cancel()
    failure_of(begun, CancelledError)
    assert follower.server.open == []
    begun = follower.start()
    follower.server.answer()
    success_of(begun)
    assert len(follower.server.open) == 1
    follower.stop()


def test_no_connection_to_spare() -> None:
    """With a pool of one connection nothing is listened to."""
    follower = Follower(size=1)
    success_of(follower.start())
    assert follower.server.drivers == []
    follower.stop()


def test_a_commit_is_passed_on_at_once() -> None:
    """Word of a row that was not polled yet is passed on; of one that was, or of nothing, it is not."""
    follower = Follower().listening()
    follower.notify("5-aaaaaaaa")
    assert follower.told == 1
    follower.poll(5)
    for payload in ("5-aaaaaaaa", "4-aaaaaaaa", "junk", "9"):
        follower.notify(payload)
    assert (follower.told, follower.hearing.is_news) == (1, False)
    follower.stop()


def test_what_is_not_there_yet_is_polled_again() -> None:
    """While the log that is polled ends before what was heard of, polls are asked for in short intervals."""
    follower = Follower().listening()
    follower.notify("5-aaaaaaaa")
    follower.poll(4)
    follower.clock.advance(FIRST_PAUSE)
    assert follower.told == 2
    follower.poll(4)
    follower.clock.advance(FIRST_PAUSE)
    assert follower.told == 2
    follower.clock.advance(FIRST_PAUSE)
    assert follower.told == 3
    follower.poll(5)
    follower.clock.advance(10.0)
    assert follower.told == 3
    follower.stop()


def test_in_the_end_the_primary_is_polled() -> None:
    """A replica that does not get there is not waited for."""
    follower = Follower().listening()
    assert not follower.hearing.is_overdue
    follower.hearing.hear(LogPosition(5, "a" * 8))
    follower.poll(4)
    follower.clock.pump([0.1] * 30)
    assert follower.hearing.is_overdue
    follower.poll(4, from_primary=True)
    assert not follower.hearing.is_overdue
    follower.stop()


def test_lost_history_is_told() -> None:
    """Whoever follows the log is told to poll when history was lost, whatever was polled before."""
    follower = Follower().listening()
    follower.poll(9)
    follower.hearing.lost()
    assert (follower.told, follower.hearing.is_news) == (1, True)
    follower.stop()
