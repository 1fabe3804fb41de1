"""How an address stands: healthy until as many failures in a row as are configured, and back by successes.

A success forgets all failures, a failure all successes; each kind of failure is counted by itself.  What is
not counted changes nothing, and so does what only confirms a firm state.  (The rules of Kong's
lua-resty-healthcheck: there a state is ``mostly_…`` from the first event against it until one of both sides
has reached its number.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from twisted_kong.core.health.checks import Event, Limits

_KINDS = len(Event)


class Address(NamedTuple):
    """Where a Target leads to: Kong keeps two Targets apart that lead to the same place.

    :param host: the name or address in the Target, without brackets, or the one in the SRV record of it.
    """

    host: str
    ip: str
    port: int


class Standing:
    """What is known of one address."""

    __slots__ = ("_counts", "_firm", "healthy")

    def __init__(self) -> None:
        self.healthy = True
        self._firm = True
        self._counts = [0] * _KINDS

    @property
    def state(self) -> str:
        """The state as Kong calls it."""
        name = "healthy" if self.healthy else "unhealthy"
        return name if self._firm else f"mostly_{name}"

    @property
    def is_spotless(self) -> bool:
        """Whether it is as if nothing had ever happened."""
        return self.healthy and self._firm

    def report(self, event: Event, limits: Limits) -> bool:
        """Count an event; whether it made the address healthy or unhealthy."""
        limit = limits.counts[event]
        good = event is Event.SUCCESS
        if not limit or (self._firm and self.healthy is good):
            return False
        counts = self._counts
        if good:
            counts[1:] = [0] * (_KINDS - 1)
        else:
            counts[0] = 0
        counts[event] += 1
        if counts[event] < limit:
            self._firm = False
            return False
        changed = self.healthy is not good
        self.healthy, self._firm = good, True
        return changed

    def set(self, healthy: bool) -> bool:
        """Be told how it is; whether that is new."""
        changed = self.healthy is not healthy
        self.healthy, self._firm = healthy, True
        self._counts = [0] * _KINDS
        return changed


class Standings:
    """What is known of the addresses of one Upstream; of one that is not among them all is well."""

    def __init__(self) -> None:
        self._known: dict[Address, Standing] = {}
        # Those that are out.
        self.unavailable: set[Address] = set()

    def available(self, address: Address) -> bool:
        """Whether requests may be sent there."""
        return address not in self.unavailable

    def state(self, address: Address) -> str:
        """The state of an address as Kong calls it."""
        return (self._known.get(address) or _SPOTLESS).state

    def report(self, address: Address, event: Event, limits: Limits) -> bool:
        """Count an event; whether it put the address out or back."""
        standing = self._known.get(address)
        if standing is None:
            if event is Event.SUCCESS:
                return False
            standing = Standing()
        changed = standing.report(event, limits)
        self._note(address, standing)
        return changed

    def set(self, address: Address, healthy: bool) -> bool:
        """Be told how an address is; whether that is new."""
        standing = self._known.get(address) or Standing()
        changed = standing.set(healthy)
        self._note(address, standing)
        return changed

    def keep(self, wanted: Callable[[Address], bool]) -> None:
        """Forget all other addresses: should they come back they begin anew."""
        for address in [each for each in self._known if not wanted(each)]:
            del self._known[address]
            self.unavailable.discard(address)

    def _note(self, address: Address, standing: Standing) -> None:
        if standing.is_spotless:
            # Its counts can be forgotten: the next failure sets the successes to nothing.
            self._known.pop(address, None)
        else:
            self._known[address] = standing
        if standing.healthy:
            self.unavailable.discard(address)
        else:
            self.unavailable.add(address)


_SPOTLESS = Standing()
