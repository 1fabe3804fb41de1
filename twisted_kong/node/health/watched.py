"""One Upstream whose health is checked: its rounds of probes, and where its Targets lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.health.checks import Checks, Event, Probe
from twisted_kong.core.health.standing import Address
from twisted_kong.core.health.upstream import Member, UpstreamHealth
from twisted_kong.core.hosts import is_address
from twisted_kong.node.dns import NameFailure
from twisted_kong.node.health.prober import Finding
from twisted_kong.node.health.rounds import Rounds, Source

Addresses = tuple[str, ...]
Lookup = Callable[[str], "Addresses | Deferred[Addresses]"]
"""Where a name leads; raises or fails with :exc:`NameFailure` where that is nowhere."""


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
    async def due(self) -> Iterable[Address]:
        await self._watched.look_up()
        out = self._watched.health.standings.unavailable
        return [each for each in self._watched.health.addresses if (each not in out) is self._healthy]

    @override
    def wanted(self, address: Address) -> bool:
        return self._watched.health.knows(address)

    @override
    async def probe(self, address: Address) -> None:
        await self._watched.probe(address)


class Watched:
    """Keeps the health of one Upstream.

    :param name: of the Upstream, for the log.
    :param changed: called when what may be sent there has changed.
    """

    _log = Logger()

    def __init__(
        self,
        name: str,
        checks: Checks,
        *,
        lookup: Lookup,
        prober: Probing,
        clock: IReactorTime,
        chance: Callable[[], float],
    ) -> None:
        self.name = name
        self.health = UpstreamHealth(checks)
        self._lookup, self._prober, self._clock, self._chance = lookup, prober, clock, chance
        self._rounds: list[Rounds] = []
        self._start()

    def configure(self, name: str, checks: Checks) -> None:
        """Check in this way from now on; the rounds begin anew if it is another one."""
        self.name = name
        if checks == self.health.checks:
            return
        self.stop()
        self.health.configure(checks)
        self._start()

    def have(self, members: Iterable[Member]) -> None:
        """These are the Targets now; what is gone is probed no more."""
        closed = self.health.closed
        self.health.have(members)
        for host in self.health.hosts:
            if is_address(host):
                self.health.found(host, (host,))
        self._changed(closed)
        ensureDeferred(self.look_up()).addErrback(self._lost)

    def stop(self) -> None:
        """Probe no more."""
        rounds, self._rounds = self._rounds, []
        for each in rounds:
            each.stop()

    async def look_up(self) -> None:
        """Find out where names lead now; those that cannot be asked are taken to lead nowhere."""
        names = [host for host in self.health.hosts if not is_address(host)]
        asked = {host: ensureDeferred(self._ask(host)) for host in names}
        for host, answer in asked.items():
            found = await answer
            closed = self.health.closed
            self.health.found(host, found)
            self._changed(closed)

    async def probe(self, address: Address) -> None:
        """Probe an address and count what that shows."""
        finding = await self._prober.probe(self.health.checks.probe, address)
        event = finding if isinstance(finding, Event) or finding is None else self._judged(finding)
        if event is not None:
            self.report(address, event, by_probe=True)

    def report(self, address: Address, event: Event, *, by_probe: bool) -> None:
        """Count an event."""
        closed = self.health.closed
        if self.health.report(address, event, by_probe=by_probe):
            self._tell(address, "its health checks" if by_probe else "the requests sent there")
            self._changed(closed)

    def meet(self, address: Address) -> None:
        """Requests are sent to this address: a name may lead there since it was last asked."""
        if not self.health.knows(address) and self.health.meet(address):
            ensureDeferred(self.look_up()).addErrback(self._lost)

    def set(self, host: str, port: int, ip: str | None, healthy: bool) -> None:
        """Be told how one address of a Target, or all of them, are."""
        closed = self.health.closed
        for address in self.health.set(host, port, ip, healthy):
            self._tell(address, "the Admin API")
        self._changed(closed)

    def _judged(self, status: int) -> Event | None:
        return self.health.checks.active.judge(status)

    def _start(self) -> None:
        checks = self.health.checks
        for healthy, interval in ((True, checks.healthy_interval), (False, checks.unhealthy_interval)):
            if interval > 0:
                rounds = Rounds(
                    _List(self, healthy), interval, checks.probe.concurrency, self._clock, self._chance
                )
                self._rounds.append(rounds)
                rounds.start()

    async def _ask(self, host: str) -> Addresses:
        try:
            found = self._lookup(host)
            return await found if isinstance(found, Deferred) else found
        except NameFailure:
            return ()

    def _changed(self, closed: bool) -> None:
        for rounds in self._rounds:
            rounds.prune()
        if self.health.closed is not closed:
            state = "UNHEALTHY" if self.health.closed else "HEALTHY"
            self._log.warn("the Upstream {name} as a whole is {state} now", name=self.name, state=state)

    def _tell(self, address: Address, source: str) -> None:
        self._log.warn(
            "{host} ({ip}:{port}) of the Upstream {name} is {state} now, says {source}",
            host=address.host,
            ip=address.ip,
            port=address.port,
            name=self.name,
            state=self.health.standings.state(address),
            source=source,
        )

    def _lost(self, failure: object) -> None:
        self._log.failure("cannot look up the Targets of the Upstream {name}", failure, name=self.name)  # type: ignore[arg-type]
