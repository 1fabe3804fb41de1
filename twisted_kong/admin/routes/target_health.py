"""The health of Targets: the addresses that they lead to on this node, as no health is checked yet.

What Kong shows where health checks are off: every address counts, and a Target by name without any shows why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from twisted_kong.core.changes import Entity
from twisted_kong.core.hosts import is_address
from twisted_kong.node.dns import NameFailure

OFF = "HEALTHCHECKS_OFF"
DNS_ERROR = "DNS_ERROR"

# Kong: the words of its DNS client for RCODE 3, NXDOMAIN. The system's resolver tells no other reason.
NO_SUCH_NAME = "dns server error: 3 name error"

# Of a Target whose weight was reset.
DEFAULT_WEIGHT = 100

Lookup = Callable[[str], Awaitable[tuple[str, ...]]]
"""The addresses to which requests for a host are sent; fails with :exc:`NameFailure` without any."""

Known = dict[str, tuple[str, ...]]
"""The addresses of some hosts; none for a name that leads nowhere."""


async def look_up(targets: Iterable[Entity], lookup: Lookup) -> Known:
    """The addresses of the hosts of some Targets, all looked up at once."""
    waiting = {host: _addresses_of(host, lookup) for host in {_host_and_port(each)[0] for each in targets}}
    return {host: await found for host, found in waiting.items()}


def _addresses_of(host: str, lookup: Lookup) -> Deferred[tuple[str, ...]]:
    async def ask() -> tuple[str, ...]:
        if is_address(host.strip("[]")):
            return (host,)
        try:
            found = await lookup(host)
        except NameFailure:
            return ()
        return tuple(f"[{ip}]" if ":" in ip else ip for ip in found)

    return ensureDeferred(ask())


def target_health(target: Entity, known: Known) -> dict[str, Any]:
    """The ``health`` and ``data`` of one Target."""
    leads_nowhere = not known[_host_and_port(target)[0]]
    return {
        "health": DNS_ERROR if leads_nowhere else OFF,
        "data": _host(target, known, {"health": OFF}),
    }


def balancer_health(upstream: Entity, targets: Sequence[Entity], known: Known) -> dict[str, Any]:
    """The health of a whole Upstream, from its Targets in the order in which they were made.

    Kong: it is healthy while any weight is available.
    """
    hosts = [_host(target, known, {"healthy": True}) for target in targets]
    total = sum(host["weight"]["total"] for host in hosts)
    return {
        "id": upstream["id"],
        "health": OFF,
        "balancer_health": "HEALTHY" if total else "UNHEALTHY",
        "details": {
            "healthy": total > 0,
            "weight": {"total": total, "available": total, "unavailable": 0},
            "hosts": hosts,
        },
    }


def _host(target: Entity, known: Known, judged: dict[str, Any]) -> dict[str, Any]:
    """A Target with its addresses, each with its weight and what is thought of it."""
    host, port = _host_and_port(target)
    weight, found = _weight(target), known[host]
    addresses = [{"ip": ip, "port": port, "weight": weight, **judged} for ip in found if weight]
    total = weight * len(addresses)
    return {
        "host": host,
        "port": port,
        "dns": _record_type(found),
        "nodeWeight": weight,
        "weight": {"total": total, "available": total, "unavailable": 0},
        # Kong: its language has one empty table only
        "addresses": addresses or {},
    }


def _host_and_port(target: Entity) -> tuple[str, int]:
    host, _, port = target["target"].rpartition(":")
    return host, int(port)


def _weight(target: Entity) -> int:
    weight: int | None = target["weight"]
    return DEFAULT_WEIGHT if weight is None else weight


def _record_type(found: tuple[str, ...]) -> str:
    if not found:
        return NO_SUCH_NAME
    return "AAAA" if ":" in found[0] else "A"
