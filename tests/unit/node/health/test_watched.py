from __future__ import annotations

from twisted.internet.task import Clock

from tests.kit.health import Probes, checked
from tests.kit.logs import caught_warnings
from twisted_kong.core.health.checks import Checks, Event, checks_of
from twisted_kong.core.health.standing import Address
from twisted_kong.node.health.watched import Watched

ONE = Address("192.0.2.1", "192.0.2.1", 80)
TWO = Address("a.test", "192.0.2.2", 80)
NEW = Address("a.test", "192.0.2.3", 80)


def checks(**changed: object) -> Checks:
    """Probes every 10 seconds while healthy, every 5 while not; one failure, two successes."""
    found = checks_of(
        checked(
            **{
                "active__healthy__interval": 10,
                "active__healthy__successes": 2,
                "active__unhealthy__interval": 5,
                "active__unhealthy__tcp_failures": 1,
                "active__unhealthy__http_failures": 1,
                "passive__unhealthy__timeouts": 1,
                **changed,
            }
        )
    )
    assert found is not None
    return found


class Bench:
    """A watched Upstream."""

    def __init__(self) -> None:
        self.clock, self.probes = Clock(), Probes()
        self.weights = {ONE: 1, TWO: 1}
        self.watched = Watched(
            "up",
            checks(),
            targets=lambda: {("t", 80): self.weights},
            prober=self.probes,
            clock=self.clock,
            chance=lambda: 0.0,
        )
        self.watched.refresh()


def test_each_list_is_probed_in_its_own_rhythm() -> None:
    """An address that is out is probed by the interval of the unhealthy, until it is back."""
    bench = Bench()
    bench.clock.advance(10)
    assert list(bench.probes.waiting) == [ONE, TWO]
    bench.probes.find(200, ONE)
    with caught_warnings() as warnings:
        bench.probes.find(Event.TCP_FAILURE, TWO)
    assert len(warnings) == 1
    assert not bench.watched.health.available(TWO)
    bench.clock.advance(5)
    assert list(bench.probes.waiting) == [TWO]
    bench.probes.find(200)
    assert not bench.watched.health.available(TWO)
    bench.clock.advance(5)
    assert list(bench.probes.waiting) == [ONE, TWO]
    with caught_warnings():
        bench.probes.find(200)
    assert bench.watched.health.available(TWO)


def test_a_status_is_judged_by_the_lists() -> None:
    """A neutral one changes nothing, and neither does a probe that found nothing out."""
    bench = Bench()
    for finding in (404, None):
        bench.clock.advance(10)
        bench.probes.find(finding)
        assert bench.watched.health.standings.unavailable == set()
    bench.clock.advance(10)
    with caught_warnings() as warnings:
        bench.probes.find(500)
    assert bench.watched.health.closed
    assert len(warnings) == 3


def test_each_round_is_of_the_addresses_as_they_are() -> None:
    """Where names lead may have changed."""
    bench = Bench()
    bench.weights = {NEW: 1}
    bench.clock.advance(10)
    assert list(bench.probes.waiting) == [NEW]


def test_an_address_that_is_removed_is_not_probed_to_the_end() -> None:
    """The probe that is under way is broken off at once, and none follows."""
    bench = Bench()
    bench.clock.advance(10)
    bench.weights = {ONE: 1}
    bench.watched.refresh()
    assert bench.probes.cancelled == [TWO]
    bench.probes.find(200)
    bench.clock.advance(10)
    assert list(bench.probes.waiting) == [ONE]


def test_other_addresses_leave_the_rounds_as_they_are() -> None:
    """Their beat goes on, so that constant changes cannot keep anybody from being probed."""
    bench = Bench()
    for count in range(5):
        bench.clock.advance(2)
        bench.weights = {ONE: 1, NEW: count}
        bench.watched.refresh()
    assert list(bench.probes.waiting) == [ONE, NEW]


def test_only_other_checks_begin_the_rounds_anew() -> None:
    """A change of anything else of the Upstream disturbs nothing."""
    bench = Bench()
    bench.clock.advance(8)
    bench.watched.configure("renamed", checks())
    bench.clock.advance(2)
    assert list(bench.probes.waiting) == [ONE, TWO]
    bench.watched.configure("renamed", checks(active__healthy__interval=3))
    assert bench.probes.cancelled == [ONE, TWO]
    bench.clock.advance(3)
    assert list(bench.probes.waiting) == [ONE, TWO]


def test_state_survives_other_checks() -> None:
    """Who is out stays out; whether the rest suffices is judged anew."""
    bench = Bench()
    with caught_warnings():
        bench.watched.report(TWO, Event.TIMEOUT, by_probe=False)
        bench.watched.configure("up", checks(active__healthy__interval=3, threshold=50))
    assert bench.watched.health.closed
    assert not bench.watched.health.available(TWO)


def test_an_operator_is_obeyed_at_once() -> None:
    """And what was set is what the checks go on from."""
    bench = Bench()
    with caught_warnings() as warnings:
        bench.watched.set(("t", 80), TWO.ip, None, False)
    assert "the Admin API" in warnings[0]
    assert not bench.watched.health.available(TWO)
    bench.clock.advance(5)
    assert list(bench.probes.waiting) == [TWO]


def test_stopping_leaves_nothing_behind() -> None:
    """No timer, no probe."""
    bench = Bench()
    bench.clock.advance(10)
    bench.watched.stop()
    assert bench.probes.cancelled == [ONE, TWO]
    assert bench.clock.getDelayedCalls() == []
