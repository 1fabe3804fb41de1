from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.health import Probes, checked
from tests.kit.logs import caught_warnings
from twisted_kong.core.health.checks import Checks, Event, checks_of
from twisted_kong.core.health.standing import Address
from twisted_kong.core.health.upstream import Member
from twisted_kong.node.dns import NameFailure
from twisted_kong.node.health.watched import Watched

IP = Address("192.0.2.1", "192.0.2.1", 80)
NAME = Address("a.test", "192.0.2.2", 80)


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

    def __init__(self, *members: Member) -> None:
        self.clock, self.probes = Clock(), Probes()
        self.names: dict[str, tuple[str, ...]] = {"a.test": ("192.0.2.2",)}
        self.slow: list[Deferred[tuple[str, ...]]] = []
        self.watched = Watched(
            "up",
            checks(),
            lookup=self.lookup,
            prober=self.probes,
            clock=self.clock,
            chance=lambda: 0.0,
        )
        self.watched.have(members or [Member(IP.host, 80, 1), Member(NAME.host, 80, 1)])

    def lookup(self, host: str) -> tuple[str, ...] | Deferred[tuple[str, ...]]:
        if host == "slow.test":
            self.slow.append(Deferred())
            return self.slow[-1]
        if host not in self.names:
            raise NameFailure(host)
        return self.names[host]


def test_each_list_is_probed_in_its_own_rhythm() -> None:
    """An address that is out is probed by the interval of the unhealthy, until it is back."""
    bench = Bench()
    bench.clock.advance(10)
    assert list(bench.probes.waiting) == [IP, NAME]
    bench.probes.find(200, IP)
    with caught_warnings() as warnings:
        bench.probes.find(Event.TCP_FAILURE, NAME)
    assert len(warnings) == 1
    assert not bench.watched.health.available(NAME)
    bench.clock.advance(5)
    assert list(bench.probes.waiting) == [NAME]
    bench.probes.find(200)
    assert not bench.watched.health.available(NAME)
    bench.clock.advance(5)
    assert list(bench.probes.waiting) == [IP, NAME]
    with caught_warnings():
        bench.probes.find(200)
    assert bench.watched.health.available(NAME)


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


def test_names_are_asked_for_again_in_each_round() -> None:
    """An address that is gone is not probed, a new one is."""
    bench = Bench(Member("a.test", 80, 1), Member("none.test", 80, 1))
    bench.names["a.test"] = ("192.0.2.7",)
    bench.clock.advance(10)
    assert list(bench.probes.waiting) == [Address("a.test", "192.0.2.7", 80)]
    bench.probes.find(200)
    del bench.names["a.test"]
    bench.clock.advance(10)
    assert not bench.probes.waiting


def test_slow_names_hold_up_no_others() -> None:
    """Requests are sent to what is known meanwhile."""
    bench = Bench(Member(IP.host, 80, 1), Member("slow.test", 80, 1))
    assert bench.watched.health.addresses == (IP,)
    bench.slow[0].callback(("192.0.2.3",))
    assert bench.watched.health.addresses == (IP, Address("slow.test", "192.0.2.3", 80))


def test_a_target_that_is_removed_is_not_probed_to_the_end() -> None:
    """The probe that is under way is broken off at once, and none follows."""
    bench = Bench()
    bench.clock.advance(10)
    bench.watched.have([Member(IP.host, 80, 1)])
    assert bench.probes.cancelled == [NAME]
    bench.probes.find(200)
    bench.clock.advance(10)
    assert list(bench.probes.waiting) == [IP]


def test_other_targets_leave_the_rounds_as_they_are() -> None:
    """Their beat goes on, so that constant changes cannot keep anybody from being probed."""
    bench = Bench()
    for _ in range(5):
        bench.clock.advance(2)
        bench.watched.have([Member(IP.host, 80, 1), Member("b.test", 80, 1)])
    assert list(bench.probes.waiting) == [IP]


def test_only_other_checks_begin_the_rounds_anew() -> None:
    """A change of anything else of the Upstream disturbs nothing."""
    bench = Bench()
    bench.clock.advance(8)
    bench.watched.configure("renamed", checks())
    bench.clock.advance(2)
    assert list(bench.probes.waiting) == [IP, NAME]
    bench.watched.configure("renamed", checks(active__healthy__interval=3))
    assert bench.probes.cancelled == [IP, NAME]
    bench.clock.advance(3)
    assert list(bench.probes.waiting) == [IP, NAME]


def test_state_survives_other_checks() -> None:
    """Who is out stays out."""
    bench = Bench()
    with caught_warnings():
        bench.watched.report(NAME, Event.TIMEOUT, by_probe=False)
    bench.watched.configure("up", checks(active__healthy__interval=3))
    assert not bench.watched.health.available(NAME)


def test_a_new_address_is_met_and_its_name_asked_for() -> None:
    """Requests know it before its health does; those that are gone are forgotten then."""
    bench = Bench()
    new = Address("a.test", "192.0.2.8", 80)
    bench.names["a.test"] = (new.ip,)
    bench.watched.meet(new)
    assert bench.watched.health.addresses == (IP, new)
    bench.watched.meet(Address("x.test", "192.0.2.8", 80))
    assert bench.watched.health.addresses == (IP, new)


def test_an_operator_is_obeyed_at_once() -> None:
    """And what was set is what the checks go on from."""
    bench = Bench()
    with caught_warnings() as warnings:
        bench.watched.set("a.test", 80, None, False)
    assert "the Admin API" in warnings[0]
    assert not bench.watched.health.available(NAME)
    bench.clock.advance(5)
    assert list(bench.probes.waiting) == [NAME]


def test_stopping_leaves_nothing_behind() -> None:
    """No timer, no probe."""
    bench = Bench()
    bench.clock.advance(10)
    bench.watched.stop()
    assert bench.probes.cancelled == [IP, NAME]
    assert bench.clock.getDelayedCalls() == []
