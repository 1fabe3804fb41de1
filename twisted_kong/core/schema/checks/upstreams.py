"""The shorthands of an Upstream: its algorithm and what it hashes on pull each other along."""

from __future__ import annotations

from typing import Any

_WITHOUT_HASHING = ("least-connections", "latency")


def algorithm_shorthand(value: str | None) -> dict[str, Any]:
    """An algorithm that hashes nothing drops ``hash_on``."""
    if value in _WITHOUT_HASHING:
        return {"algorithm": value, "hash_on": None}
    return {"algorithm": value}


def hash_on_shorthand(value: str | None) -> dict[str, Any]:
    """Hashing on something is consistent hashing; on nothing, round robin."""
    if value is None:
        return {"hash_on": "none"}
    if value == "none":
        return {"hash_on": value, "algorithm": "round-robin"}
    return {"hash_on": value, "algorithm": "consistent-hashing"}
