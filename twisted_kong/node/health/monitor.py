"""The health of all Upstreams that have it checked; those that have not cost nothing.

Requests ask :meth:`HealthMonitor.available` and tell :meth:`HealthMonitor.report`, both in a few steps and
without waiting.  Each node judges by itself, as with Kong; what an operator sets reaches all of them, see
:mod:`twisted_kong.node.health.settings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_kong.core.balancer.outcomes import Failure, Outcome
from twisted_kong.core.changes import Entity
from twisted_kong.core.health.checks import Event, checks_of
from twisted_kong.core.health.standing import Address
from twisted_kong.core.health.upstream import Target
from twisted_kong.node.health.watched import Probing, Targets, Watched
from twisted_kong.node.peers import Peer

_FAILURES: Final[Mapping[Failure, Event]] = {
    Failure.CONNECT: Event.TCP_FAILURE,
    Failure.TIMEOUT: Event.TIMEOUT,
}


class Upstreams(Protocol):
    """The Upstreams of a node, with the addresses that requests are sent to."""

    def upstream_row(self, upstream_id: str) -> Entity | None:
        """One of them; None if there is none."""
        ...

    def targets_of(self, upstream_id: str) -> Iterable[tuple[Target, Iterable[Peer]]]:
        """Its Targets with their addresses."""
        ...


class HealthMonitor:
    """Keeps the health of Upstreams.

    :param chance: gives numbers from 0 to 1 by which first rounds come early.
    :param switch: told whether there is anything to ask and to tell, whenever that may have changed.
    """

    def __init__(
        self,
        upstreams: Upstreams,
        prober: Probing,
        clock: IReactorTime,
        chance: Callable[[], float] = lambda: 0.0,
        switch: Callable[[bool], object] = lambda on: None,
    ) -> None:
        self._switch = switch
        self._upstreams, self._prober, self._clock, self._chance = upstreams, prober, clock, chance
        self._watched: dict[str, Watched] = {}
        self._changed: dict[str, None] = {}
        self._timer: IDelayedCall | None = None
        self._stopped = False

    def available(self, peer: Peer) -> bool:
        """Whether requests may be sent there."""
        watched = self._watched.get(peer.upstream_id or "")
        if watched is None:
            return True
        health = watched.health
        if health.closed:
            return False
        out = health.standings.unavailable
        return not out or Address(peer.name, peer.ip, peer.port) not in out

    def report(self, peer: Peer, outcome: Outcome) -> None:
        """Count what came of a request.

        Kong: that a connection fails counts as such only if another try follows; the last one of a request
        counts as status 502.
        """
        watched = self._watched.get(peer.upstream_id or "")
        if watched is None:
            return
        passive = watched.health.checks.passive
        event = _FAILURES[outcome] if isinstance(outcome, Failure) else passive.judge_proxied(outcome)
        if event is None or not passive.counts[event]:
            return
        self._catch_up()
        watched.report(Address(peer.name, peer.ip, peer.port), event, by_probe=False)

    def changed(self, upstream_id: str) -> None:
        """An Upstream, its addresses or their weights have changed, or it is gone.

        Of many changes in one turn of the reactor all are taken over together, at its end.
        """
        row = self._upstreams.upstream_row(upstream_id)
        if self._stopped or (upstream_id not in self._watched and (row is None or checks_of(row) is None)):
            return
        self._changed[upstream_id] = None
        if self._timer is None:
            self._timer = self._clock.callLater(0, self._catch_up)

    def set(self, upstream_id: str, target: Target, ip: str | None, port: int | None, healthy: bool) -> None:
        """An operator says how a Target, or one address of it, is; nothing happens if it is not there."""
        self._catch_up()
        watched = self._watched.get(upstream_id)
        if watched is not None:
            watched.set(target, ip, port, healthy)

    def healthy(self, upstream_id: str, target: Target, ip: str, port: int) -> bool:
        """Whether an IP address and port that a Target leads to is held to be healthy."""
        self._catch_up()
        watched = self._watched.get(upstream_id)
        if watched is None:
            return True
        health = watched.health
        return all(map(health.standings.available, health.of(target, ip, port)))

    def stop(self) -> None:
        """Probe no more, and begin nothing again."""
        self._stopped = True
        self._changed.clear()
        self._stop_timer()
        for upstream_id in list(self._watched):
            self._remove(upstream_id)

    def _catch_up(self) -> None:
        """Take over all that has changed."""
        self._stop_timer()
        while self._changed:
            changed, self._changed = self._changed, {}
            for upstream_id in changed:
                self._take_over(upstream_id)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _take_over(self, upstream_id: str) -> None:
        row = self._upstreams.upstream_row(upstream_id)
        checks = None if row is None else checks_of(row)
        if row is None or checks is None:
            self._remove(upstream_id)
            return
        watched = self._watched.get(upstream_id)
        if watched is None:
            watched = self._watched[upstream_id] = Watched(
                row["name"],
                checks,
                targets=lambda: self._targets(upstream_id),
                prober=self._prober,
                clock=self._clock,
                chance=self._chance,
            )
            self._switch(True)
        else:
            watched.configure(row["name"], checks)
        watched.refresh()

    def _targets(self, upstream_id: str) -> Targets:
        return {
            target: {Address(peer.name, peer.ip, peer.port): peer.weight for peer in peers}
            for target, peers in self._upstreams.targets_of(upstream_id)
        }

    def _remove(self, upstream_id: str) -> None:
        watched = self._watched.pop(upstream_id, None)
        if watched is not None:
            watched.stop()
            self._switch(bool(self._watched))
