"""The health of one Upstream: which of its addresses are out, and whether the rest suffices."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from twisted_kong.core.health.checks import Checks, Event, suffices
from twisted_kong.core.health.standing import Address, Standings

Target = tuple[str, int]
"""Its host, without brackets, and its port."""


class UpstreamHealth:
    """Judges the addresses of an Upstream whose checks are on.

    An address that stays keeps its state, whatever else changes.  One of weight 0 is neither probed nor
    judged.
    """

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.standings = Standings()
        # Whether too little weight is left for the Upstream to serve at all.
        self.closed = False
        self._weights: dict[Address, int] = {}
        self._targets: dict[Target, tuple[Address, ...]] = {}

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every address that is judged."""
        return tuple(self._weights)

    def knows(self, address: Address) -> bool:
        """Whether an address is judged."""
        return address in self._weights

    def available(self, address: Address) -> bool:
        """Whether requests may be sent there."""
        return not self.closed and address not in self.standings.unavailable

    def configure(self, checks: Checks) -> None:
        """Judge by other checks from now on; what was counted stays."""
        self.checks = checks
        self._weigh()

    def have(self, targets: Mapping[Target, Mapping[Address, int]]) -> None:
        """These are the addresses of each Target now, with their weights; others are forgotten."""
        self._targets = {target: tuple(weights) for target, weights in targets.items()}
        self._weights = {}
        for weights in targets.values():
            for address, weight in weights.items():
                if weight > 0:
                    self._weights[address] = self._weights.get(address, 0) + weight
        self.standings.keep(self.knows)
        self._weigh()

    def report(self, address: Address, event: Event, *, by_probe: bool) -> bool:
        """Count what was found out about an address; whether that put it out or back."""
        if address not in self._weights:
            return False
        limits = self.checks.active if by_probe else self.checks.passive
        changed = self.standings.report(address, event, limits)
        if changed:
            self._weigh()
        return changed

    def of(self, target: Target, ip: str | None = None, port: int | None = None) -> tuple[Address, ...]:
        """The addresses of a Target that are judged, or those of them with an IP address, and with a port."""
        return tuple(
            address
            for address in self._targets.get(target, ())
            if address in self._weights
            and (ip is None or ip_address(ip) == ip_address(address.ip))
            and port in (None, address.port)
        )

    def set(self, target: Target, ip: str | None, port: int | None, healthy: bool) -> tuple[Address, ...]:
        """Be told how some addresses of a Target are, see :meth:`of`; those for which it is new."""
        changed = tuple(each for each in self.of(target, ip, port) if self.standings.set(each, healthy))
        self._weigh()
        return changed

    def _weigh(self) -> None:
        total = sum(self._weights.values())
        out = sum(self._weights[address] for address in self.standings.unavailable)
        # Without any address it is the balancer that finds no peer.
        self.closed = total > 0 and not suffices(total - out, total, self.checks.threshold)
