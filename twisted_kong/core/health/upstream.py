"""The health of one Upstream: of which addresses it knows, which are out, and whether the rest suffices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from twisted_kong.core.health.checks import Checks, Event, suffices
from twisted_kong.core.health.standing import Address, Standings


class Member(NamedTuple):
    """A Target as far as its health is concerned; ``host`` without brackets."""

    host: str
    port: int
    weight: int


class UpstreamHealth:
    """Judges the addresses of an Upstream whose checks are on.

    What stays of its Targets and addresses keeps its state, whatever else changes.  A Target of weight 0 is
    neither probed nor judged.
    """

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.standings = Standings()
        # Whether too little weight is left for the Upstream to serve at all.
        self.closed = False
        self._members: dict[tuple[str, int], Member] = {}
        self._ips: dict[str, tuple[str, ...]] = {}
        self._weights: dict[Address, int] = {}

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that lead to the addresses."""
        return tuple(dict.fromkeys(host for host, _ in self._members))

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every address that is known."""
        return tuple(self._weights)

    def knows(self, address: Address) -> bool:
        """Whether an address is one of this Upstream's."""
        return address in self._weights

    def available(self, address: Address) -> bool:
        """Whether requests may be sent there."""
        return not self.closed and address not in self.standings.unavailable

    def configure(self, checks: Checks) -> None:
        """Judge by other checks from now on; what was counted stays."""
        self.checks = checks
        self._weigh()

    def have(self, members: Iterable[Member]) -> None:
        """These are the Targets now; of several for one host and port the last counts."""
        self._members = {(each.host, each.port): each for each in members}
        self._ips = {host: ips for host, ips in self._ips.items() if host in self.hosts}
        self._list()

    def found(self, host: str, ips: tuple[str, ...]) -> None:
        """This is where a host leads now; nowhere: its addresses are forgotten."""
        if host in self.hosts and self._ips.get(host, ()) != ips:
            self._ips[host] = ips
            self._list()

    def meet(self, address: Address) -> bool:
        """An address that requests are sent to; whether it is one of a Target's, if perhaps a new one."""
        if address not in self._weights:
            if not self._member(address):
                return False
            self._ips[address.host] = (*self._ips.get(address.host, ()), address.ip)
            self._list()
        return address in self._weights

    def report(self, address: Address, event: Event, *, by_probe: bool) -> bool:
        """Count what was found out about an address; whether that put it out or back."""
        if address not in self._weights:
            return False
        limits = self.checks.active if by_probe else self.checks.passive
        changed = self.standings.report(address, event, limits)
        if changed:
            self._weigh()
        return changed

    def set(self, host: str, port: int, ip: str | None, healthy: bool) -> tuple[Address, ...]:
        """Be told how one address of a Target is, or all of them are; those for which it is new."""
        changed = tuple(
            address
            for address in self._weights
            if (address.host, address.port) == (host, port)
            and ip in (None, address.ip)
            and self.standings.set(address, healthy)
        )
        self._weigh()
        return changed

    def _member(self, address: Address) -> Member | None:
        member = self._members.get((address.host, address.port))
        return member if member is not None and member.weight else None

    def _list(self) -> None:
        self._weights = {
            Address(member.host, ip, member.port): member.weight
            for member in self._members.values()
            if member.weight
            for ip in self._ips.get(member.host, ())
        }
        self.standings.keep(self.knows)
        self._weigh()

    def _weigh(self) -> None:
        total = sum(self._weights.values())
        out = sum(self._weights.get(address, 0) for address in self.standings.unavailable)
        # Without any address known it is the balancer that finds no peer.
        self.closed = total > 0 and not suffices(total - out, total, self.checks.threshold)
