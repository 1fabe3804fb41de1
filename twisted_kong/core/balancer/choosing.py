"""The algorithm that an Upstream asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted_kong.core.balancer.algorithm import Algorithm, T
from twisted_kong.core.balancer.consistent_hashing import ConsistentHashing
from twisted_kong.core.balancer.latency import Latency
from twisted_kong.core.balancer.least_connections import LeastConnections
from twisted_kong.core.balancer.round_robin import RoundRobin
from twisted_kong.core.changes import Entity

HASHING: Final = "consistent-hashing"
_SLOTS: Final = 10_000


def kind_of(row: Entity) -> tuple[str, int]:
    """What must be the same for an algorithm to stay: its name and, where they matter, the slots."""
    name = row.get("algorithm") or "round-robin"
    return name, (row.get("slots") or _SLOTS) if name == HASHING else 0


def make_algorithm(row: Entity, identity: Callable[[T], str]) -> Algorithm[T]:
    """The algorithm of an Upstream, without any value yet; ``identity`` as hashing wants it."""
    name, slots = kind_of(row)
    if name == HASHING:
        return ConsistentHashing(slots, identity)
    if name == "least-connections":
        return LeastConnections()
    if name == "latency":
        return Latency()
    return RoundRobin()
