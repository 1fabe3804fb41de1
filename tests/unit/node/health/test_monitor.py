from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.health import Probes, checked
from tests.kit.logs import caught_warnings
from twisted_kong.core.balancer.outcomes import Failure, Outcome
from twisted_kong.core.changes import Entity
from twisted_kong.core.health.upstream import Target
from twisted_kong.node.health.monitor import HealthMonitor
from twisted_kong.node.peers import Peer

ONE = Peer("192.0.2.1", 80, "192.0.2.1", None, "u", 10)
TWO = Peer("192.0.2.2", 80, "192.0.2.2", None, "u", 10)
THREE = Peer("192.0.2.3", 80, "192.0.2.3", None, "u", 10)
PASSIVE = {
    "passive__unhealthy__http_failures": 2,
    "passive__unhealthy__tcp_failures": 1,
    "passive__unhealthy__timeouts": 1,
}


class Bench:
    """A monitor of one Upstream with two Targets."""

    def __init__(self, **changed: Any) -> None:
        self.clock, self.probes = Clock(), Probes()
        self.rows: dict[str, Entity] = {"u": checked(**(changed or PASSIVE))}
        self.peers = [ONE, TWO]
        self.listed = 0
        self.switched: list[bool] = []
        self.monitor = HealthMonitor(self, self.probes, self.clock, switch=self.switched.append)
        self.monitor.changed("u")
        self.clock.advance(0)

    def upstream_row(self, upstream_id: str) -> Entity | None:
        return self.rows.get(upstream_id)

    def targets_of(self, upstream_id: str) -> Iterable[tuple[Target, Iterable[Peer]]]:
        self.listed += 1
        return [((peer.name, peer.port), [peer]) for peer in self.peers]

    def change(self, row: Entity | None, *peers: Peer) -> None:
        if row is None:
            del self.rows["u"]
        else:
            self.rows["u"] = row
        self.peers = list(peers or self.peers)
        self.monitor.changed("u")
        self.clock.advance(0)

    def reported(self, peer: Peer, *outcomes: Outcome) -> bool:
        """Whether a peer is available after these."""
        with caught_warnings():
            for outcome in outcomes:
                self.monitor.report(peer, outcome)
        return self.monitor.available(peer)


@pytest.mark.parametrize(
    ("outcomes", "available"),
    [
        ([500], True),
        ([500, 500], False),
        ([500, 404, 500], False),
        ([Failure.CONNECT], False),
        ([Failure.TIMEOUT], False),
        ([504], False),
        ([502, 502, 502], True),
    ],
)
def test_requests_put_an_address_out(outcomes: list[Outcome], available: bool) -> None:
    """After the configured number of failures of a kind, and it alone."""
    bench = Bench()
    assert bench.reported(ONE, *outcomes) is available
    assert bench.monitor.available(TWO)


def test_all_out_is_nobody_available() -> None:
    """Not even peers that are not known yet."""
    bench = Bench()
    bench.reported(ONE, Failure.CONNECT)
    bench.reported(TWO, Failure.CONNECT)
    assert not bench.monitor.available(THREE)


@pytest.mark.parametrize(
    "peer",
    [
        Peer("192.0.2.1", 80, "192.0.2.1"),
        Peer("192.0.2.1", 80, "192.0.2.1", None, "other"),
        Peer("192.0.2.1", 81, "192.0.2.1", None, "u"),
    ],
)
def test_nothing_is_known_of_others(peer: Peer) -> None:
    """Services without Upstream, Upstreams without checks, and what is no Target's."""
    bench = Bench()
    assert bench.reported(peer, Failure.CONNECT, Failure.TIMEOUT)
    assert bench.monitor.healthy("other", ("192.0.2.1", 80), "192.0.2.1", 80)


def test_nothing_is_timed_without_active_checks() -> None:
    """Passive ones go by requests alone."""
    assert Bench().clock.getDelayedCalls() == []


def test_nothing_is_done_where_nothing_is_checked() -> None:
    """Not even addresses are listed."""
    bench = Bench(threshold=0)
    assert (bench.listed, bench.clock.getDelayedCalls(), bench.switched) == (0, [], [])
    assert bench.reported(ONE, Failure.CONNECT)


def test_many_changes_in_one_turn_are_one() -> None:
    """The load of many Targets takes no time of its square; whoever asks meanwhile sees them all."""
    bench = Bench()
    listed = bench.listed
    for _ in range(100):
        bench.monitor.changed("u")
    bench.peers = [ONE, TWO, THREE]
    assert not bench.reported(THREE, Failure.CONNECT)
    bench.clock.advance(0)
    assert bench.listed == listed + 1
    assert bench.clock.getDelayedCalls() == []


def test_state_survives_changes_of_the_upstream() -> None:
    """Other tags, one more Target: who is out stays out."""
    bench = Bench()
    bench.reported(ONE, Failure.CONNECT)
    bench.change({**checked(**PASSIVE), "tags": ["x"]}, ONE, TWO, THREE)
    assert not bench.monitor.available(ONE)
    assert not bench.monitor.healthy("u", ("192.0.2.1", 80), "192.0.2.1", 80)


def test_without_checks_everything_is_forgotten() -> None:
    """Switched off, all addresses are available, also when they are switched on again."""
    bench = Bench()
    bench.reported(ONE, Failure.CONNECT)
    bench.change(checked())
    assert bench.monitor.available(ONE)
    bench.change(checked(**PASSIVE))
    assert bench.monitor.available(ONE)
    assert bench.switched == [True, False, True]


def test_an_upstream_that_is_gone_is_not_probed() -> None:
    """Its timers end."""
    bench = Bench(active__healthy__interval=1)
    assert len(bench.clock.getDelayedCalls()) == 1
    bench.change(None)
    assert bench.clock.getDelayedCalls() == []


def test_an_operator_sets_what_there_is() -> None:
    """Whatever is not there is passed over; a Target that has just been made is there."""
    bench = Bench()
    bench.peers = [ONE, TWO, THREE]
    bench.monitor.changed("u")
    with caught_warnings():
        bench.monitor.set("u", ("192.0.2.3", 80), None, None, False)
        bench.monitor.set("u", ("192.0.2.9", 80), None, None, False)
        bench.monitor.set("other", ("192.0.2.1", 80), None, None, False)
    available = [bench.monitor.available(peer) for peer in (ONE, TWO, THREE)]
    assert available == [True, True, False]


def test_a_monitor_that_has_stopped_begins_nothing() -> None:
    """A change that comes while the node stops leaves no timer behind."""
    bench = Bench(active__healthy__interval=1)
    bench.clock.advance(1)
    assert len(bench.probes.waiting) == 2
    bench.monitor.changed("u")
    bench.monitor.stop()
    bench.monitor.changed("u")
    assert bench.clock.getDelayedCalls() == []
    assert len(bench.probes.cancelled) == 2
