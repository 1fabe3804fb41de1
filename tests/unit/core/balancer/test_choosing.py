"""The algorithm of an Upstream."""

from __future__ import annotations

from twisted_kong.core.balancer.choosing import kind_of, make_algorithm
from twisted_kong.core.balancer.consistent_hashing import ConsistentHashing
from twisted_kong.core.balancer.latency import Latency
from twisted_kong.core.balancer.least_connections import LeastConnections
from twisted_kong.core.balancer.round_robin import RoundRobin


def test_each_name_has_its_algorithm() -> None:
    """Round robin where none is given."""
    made = {
        None: RoundRobin,
        "round-robin": RoundRobin,
        "least-connections": LeastConnections,
        "latency": Latency,
        "consistent-hashing": ConsistentHashing,
    }
    for name, kind in made.items():
        assert type(make_algorithm({"algorithm": name}, str)) is kind


def test_slots_count_where_there_are_any() -> None:
    """A change of theirs makes a new table, and leaves other algorithms alone."""
    hashing = {"algorithm": "consistent-hashing", "slots": 10}
    assert kind_of(hashing) != kind_of({**hashing, "slots": 11})
    assert kind_of({"slots": 10}) == kind_of({"slots": 11, "algorithm": "round-robin"})
