"""Answers of name servers, and the places that they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Service(NamedTuple):
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class Reply(NamedTuple):
    """The records of one kind for one name: addresses as text, or Services; none if it has none.

    ``ttl`` is in seconds, the least of all records.
    """

    records: tuple[str | Service, ...]
    ttl: float


class Place(NamedTuple):
    """An address to which an SRV record leads; ``port`` 0 leaves it to whoever asked."""

    ip: str
    port: int
    weight: int
    name: str


Found = str | Place
"""An address of a name: as text, or with what an SRV record says of it."""


class Looked(NamedTuple):
    """All that a name leads to; ``ttl`` in seconds, None where nobody said."""

    found: tuple[Found, ...]
    ttl: float | None


def ip_of(found: Found) -> str:
    """The address itself."""
    return found if isinstance(found, str) else found.ip


def preferred(services: Iterable[Service]) -> list[Service]:
    """Those of the best priority, which is the lowest. Kong: the others are never used; weight 0 is 1."""
    every = list(services)
    best = min((each.priority for each in every), default=0)
    return [each._replace(weight=each.weight or 1) for each in every if each.priority == best]
