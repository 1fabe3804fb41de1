from __future__ import annotations

import pytest

from tests.kit.write_context import write_context
from twisted_kong.core.schema.checks.upstreams import algorithm_shorthand, hash_on_shorthand
from twisted_kong.core.schema.registry import build_schemas

UPSTREAMS = build_schemas()["upstreams"]


def test_shorthands_answer_fields() -> None:
    """Each writes itself and what follows from it."""
    assert algorithm_shorthand("latency") == {"algorithm": "latency", "hash_on": None}
    assert algorithm_shorthand("round-robin") == {"algorithm": "round-robin"}
    assert hash_on_shorthand(None) == {"hash_on": "none"}
    assert hash_on_shorthand("none") == {"hash_on": "none", "algorithm": "round-robin"}
    assert hash_on_shorthand("ip") == {"hash_on": "ip", "algorithm": "consistent-hashing"}


@pytest.mark.parametrize(
    ("given", "algorithm", "hash_on"),
    [
        ({}, "round-robin", "none"),
        ({"hash_on": "ip"}, "consistent-hashing", "ip"),
        ({"algorithm": "latency", "hash_on": "ip"}, "latency", "none"),
        ({"algorithm": "least-connections"}, "least-connections", "none"),
        ({"algorithm": "round-robin", "hash_on": "ip"}, "consistent-hashing", "ip"),
        ({"algorithm": "consistent-hashing", "hash_on": "none"}, "round-robin", "none"),
        ({"algorithm": "consistent-hashing"}, "consistent-hashing", "none"),
    ],
)
def test_algorithm_and_hash_pull_each_other_along(
    given: dict[str, str], algorithm: str, hash_on: str
) -> None:
    """The algorithm first, then what is hashed on."""
    upstream = UPSTREAMS.process_insert({"name": "u", **given}, write_context())
    assert (upstream["algorithm"], upstream["hash_on"]) == (algorithm, hash_on)
