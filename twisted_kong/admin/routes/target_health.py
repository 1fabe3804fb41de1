"""The health of Targets: the addresses that they lead to on this node, and what is known of each.

As in Kong every address counts where health checks are off, and a Target by name without any shows why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from twisted_kong.core.changes import Entity
from twisted_kong.core.health.checks import suffices, threshold_of
from twisted_kong.core.health.upstream import Target
from twisted_kong.core.hosts import is_address
from twisted_kong.core.names.records import Found, Place, ip_of
from twisted_kong.node.dns import NameFailure

OFF = "HEALTHCHECKS_OFF"
HEALTHY = "HEALTHY"
UNHEALTHY = "UNHEALTHY"
DNS_ERROR = "DNS_ERROR"

# Kong: the words of its DNS client for RCODE 3, NXDOMAIN. The system's resolver tells no other reason.
NO_SUCH_NAME = "dns server error: 3 name error"

# Of a Target whose weight was reset.
DEFAULT_WEIGHT = 100

Lookup = Callable[[str], Awaitable[tuple[Found, ...]]]
"""The addresses to which requests for a host are sent; fails with :exc:`NameFailure` without any."""

Judge = Callable[[Target, str, int], bool]
"""Whether an address is healthy: a Target, and an IP address and port that it leads to."""

Known = dict[str, tuple[Found, ...]]
"""The addresses of some hosts; none for a name that leads nowhere."""


async def look_up(targets: Iterable[Entity], lookup: Lookup) -> Known:
    """The addresses of the hosts of some Targets, all looked up at once."""
    waiting = {host: _addresses_of(host, lookup) for host in {_host_and_port(each)[0] for each in targets}}
    return {host: await found for host, found in waiting.items()}


def _addresses_of(host: str, lookup: Lookup) -> Deferred[tuple[Found, ...]]:
    async def ask() -> tuple[Found, ...]:
        if is_address(host.strip("[]")):
            return (host.strip("[]"),)
        try:
            return await lookup(host)
        except NameFailure:
            return ()

    return ensureDeferred(ask())


def target_health(target: Entity, known: Known, judge: Judge | None) -> dict[str, Any]:
    """The ``health`` and ``data`` of one Target.

    :param judge: None where health checks are off.
    """
    data = _host(target, known, judge)
    for address in data["addresses"]:
        healthy = address.pop("healthy")
        address["health"] = OFF if judge is None else _word(healthy)
    health = OFF
    if not known[_host_and_port(target)[0]]:
        health = DNS_ERROR
    elif judge is not None and data["addresses"]:
        health = _word(data["weight"]["available"] > 0)
    return {"health": health, "data": data}


def balancer_health(
    upstream: Entity, targets: Sequence[Entity], known: Known, judge: Judge | None
) -> dict[str, Any]:
    """The health of a whole Upstream, from its Targets in the order in which they were made.

    It is healthy while more of the weight than its threshold is available; where health checks are off, while
    there is any. Kong: of those with a threshold of 100 none ever is.
    """
    hosts = [_host(target, known, judge) for target in targets]
    total, available = (sum(host["weight"][name] for host in hosts) for name in ("total", "available"))
    healthy = suffices(available, total, 0 if judge is None else threshold_of(upstream))
    return {
        "id": upstream["id"],
        "health": OFF if judge is None else _word(healthy),
        "balancer_health": _word(healthy),
        "details": {"healthy": healthy, "weight": _weights(total, available), "hosts": hosts},
    }


def _word(healthy: bool) -> str:
    return HEALTHY if healthy else UNHEALTHY


def _weights(total: int, available: int) -> dict[str, int]:
    return {"total": total, "available": available, "unavailable": total - available}


def _host(target: Entity, known: Known, judge: Judge | None) -> dict[str, Any]:
    """A Target with its addresses, each with its weight and whether it is healthy."""
    host, port = _host_and_port(target)
    weight, found = _weight(target), known[host]
    addresses = [_address(target, each, judge) for each in found if weight]
    total = sum(address["weight"] for address in addresses)
    available = sum(address["weight"] for address in addresses if address["healthy"])
    return {
        "host": host,
        "port": port,
        "dns": _record_type(found),
        "nodeWeight": weight,
        "weight": _weights(total, available),
        # Kong: its language has one empty table only
        "addresses": addresses or {},
    }


def _address(target: Entity, found: Found, judge: Judge | None) -> dict[str, Any]:
    """One address; an SRV record has a weight of its own, and mostly a port."""
    host, port = _host_and_port(target)
    ip, own, weight = ip_of(found), port, _weight(target)
    if isinstance(found, Place):
        own, weight = found.port or port, found.weight
    return {
        "ip": f"[{ip}]" if ":" in ip else ip,
        "port": own,
        "weight": weight,
        "healthy": judge is None or judge((host.strip("[]"), port), ip, own),
    }


def _host_and_port(target: Entity) -> tuple[str, int]:
    host, _, port = target["target"].rpartition(":")
    return host, int(port)


def _weight(target: Entity) -> int:
    weight: int | None = target["weight"]
    return DEFAULT_WEIGHT if weight is None else weight


def _record_type(found: tuple[Found, ...]) -> str:
    if not found:
        return NO_SUCH_NAME
    if isinstance(found[0], Place):
        return "SRV"
    return "AAAA" if ":" in found[0] else "A"
