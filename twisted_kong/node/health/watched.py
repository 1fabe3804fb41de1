"""One Upstream whose health is checked: its rounds of probes, and what they and requests lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.health.checks import Checks, Event, Probe
from twisted_kong.core.health.standing import Address
from twisted_kong.core.health.upstream import Target, UpstreamHealth
from twisted_kong.node.health.prober import Finding
from twisted_kong.node.health.rounds import Rounds, Source

Targets = Mapping[Target, Mapping[Address, int]]
"""The Targets of an Upstream, each with its addresses and their weights."""


class Probing(Protocol):
    """What makes probes."""

    def probe(self, probe: Probe, address: Address) -> Deferred[Finding]:
        """Probe an address."""
        ...


class _List(Source):
    """The healthy addresses of an Upstream, or the others, as what is probed."""

    def __init__(self, watched: Watched, healthy: bool) -> None:
        self._watched, self._healthy = watched, healthy

    @override
    def due(self) -> Iterable[Address]:
        self._watched.refresh()
        health = self._watched.health
        return [each for each in health.addresses if health.standings.available(each) is self._healthy]

    @override
    def wanted(self, address: Address) -> bool:
        return self._watched.health.knows(address)

    @override
    async def probe(self, address: Address) -> None:
        await self._watched.probe(address)


class Watched:
    """Keeps the health of one Upstream.

    :param name: of the Upstream, for the log.
    :param targets: tells its Targets as they are now.
    """

    _log = Logger()

    def __init__(
        self,
        name: str,
        checks: Checks,
        *,
        targets: Callable[[], Targets],
        prober: Probing,
        clock: IReactorTime,
        chance: Callable[[], float],
    ) -> None:
        self.name = name
        self.health = UpstreamHealth(checks)
        self._targets, self._prober, self._clock, self._chance = targets, prober, clock, chance
        self._rounds: list[Rounds] = []
        self._start()

    def configure(self, name: str, checks: Checks) -> None:
        """Check in this way from now on; the rounds begin anew if it is another one."""
        self.name = name
        if checks == self.health.checks:
            return
        self.stop()
        closed = self.health.closed
        self.health.configure(checks)
        self._tell_whole(closed)
        self._start()

    def refresh(self) -> None:
        """See which addresses there are; those that are gone are probed no more."""
        closed = self.health.closed
        self.health.have(self._targets())
        self._tell_whole(closed)
        for rounds in self._rounds:
            rounds.prune()

    def stop(self) -> None:
        """Probe no more."""
        rounds, self._rounds = self._rounds, []
        for each in rounds:
            each.stop()

    async def probe(self, address: Address) -> None:
        """Probe an address and count what that shows."""
        finding = await self._prober.probe(self.health.checks.probe, address)
        if finding is not None and not isinstance(finding, Event):
            finding = self.health.checks.active.judge(finding)
        if finding is not None:
            self.report(address, finding, by_probe=True)

    def report(self, address: Address, event: Event, *, by_probe: bool) -> None:
        """Count an event."""
        closed = self.health.closed
        if self.health.report(address, event, by_probe=by_probe):
            self._tell(address, "probes" if by_probe else "requests")
            self._tell_whole(closed)

    def set(self, target: Target, ip: str | None, port: int | None, healthy: bool) -> None:
        """Be told how a Target is: all its addresses, or those with an IP address and a port."""
        closed = self.health.closed
        for address in self.health.set(target, ip, port, healthy):
            self._tell(address, "the Admin API")
        self._tell_whole(closed)

    def _start(self) -> None:
        checks = self.health.checks
        for healthy, interval in ((True, checks.healthy_interval), (False, checks.unhealthy_interval)):
            if interval > 0:
                source = _List(self, healthy)
                rounds = Rounds(source, interval, checks.probe.concurrency, self._clock, self._chance)
                self._rounds.append(rounds)
                rounds.start()

    def _tell_whole(self, closed: bool) -> None:
        if self.health.closed is not closed:
            state = "UNHEALTHY" if self.health.closed else "HEALTHY"
            self._log.warn("the Upstream {name} as a whole is {state} now", name=self.name, state=state)

    def _tell(self, address: Address, source: str) -> None:
        self._log.warn(
            "{host} ({ip}:{port}) of the Upstream {name} is {state} now, by {source}",
            host=address.host,
            ip=address.ip,
            port=address.port,
            name=self.name,
            state=self.health.standings.state(address),
            source=source,
        )
