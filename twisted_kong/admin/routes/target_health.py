"""The health of Targets as far as it follows from their rows: this node checks no health yet.

A Target given by address is as it is in Kong without health checks.  Of one given by name the addresses are
not known here, since names are resolved by request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from twisted_kong.core.changes import Entity

OFF = "HEALTHCHECKS_OFF"

# Of a Target whose weight was reset.
DEFAULT_WEIGHT = 100


def target_health(target: Entity) -> dict[str, Any]:
    """The ``health`` and ``data`` of one Target."""
    host = _host(target)
    addresses = [{**address, "health": OFF} for address in _addresses(target)]
    return {"health": OFF, "data": {**host, "addresses": addresses}}


def balancer_health(upstream: Entity, targets: Sequence[Entity]) -> dict[str, Any]:
    """The health of a whole Upstream, from its Targets in the order in which they were made."""
    hosts = [
        {**_host(target), "addresses": [{**address, "healthy": True} for address in _addresses(target)]}
        for target in targets
    ]
    total = sum(host["weight"]["total"] for host in hosts)
    return {
        "id": upstream["id"],
        "health": OFF,
        "balancer_health": "HEALTHY",
        "details": {
            "healthy": True,
            "weight": {"total": total, "available": total, "unavailable": 0},
            "hosts": hosts,
        },
    }


def _host(target: Entity) -> dict[str, Any]:
    host, _, port = target["target"].rpartition(":")
    kind = _record_type(host)
    weight = _weight(target) if kind else 0
    return {
        "host": host,
        "port": int(port),
        "dns": kind or "unknown",
        "nodeWeight": _weight(target),
        "weight": {"total": weight, "available": weight, "unavailable": 0},
    }


def _addresses(target: Entity) -> list[dict[str, Any]]:
    host, _, port = target["target"].rpartition(":")
    if _record_type(host) is None or _weight(target) == 0:
        return []
    return [{"ip": host, "port": int(port), "weight": _weight(target)}]


def _weight(target: Entity) -> int:
    weight: int | None = target["weight"]
    return DEFAULT_WEIGHT if weight is None else weight


def _record_type(host: str) -> str | None:
    """``A`` or ``AAAA`` for an address, None for a name."""
    try:
        return {4: "A", 6: "AAAA"}[ipaddress.ip_address(host.strip("[]")).version]
    except ValueError:
        return None
