"""How many connections clients may have: altogether, and each of them.

Where the node is full, a newcomer takes the place of the connection that has waited longest for its next
request, as nginx reuses connections; if none waits, the newcomer is closed.  Who waits is looked up at most
once a second, so that a flood of connections is not made worse by looking.

A client is an address.  Of IPv6 it is the first 64 bits: that is what one household has, and whoever has it
could come from any of them.  Peers in ``trusted_ips`` stand for many clients; only those that they introduce
by the PROXY protocol can be told apart before a request is read, and only those are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import IPv6Address
from typing import Any, Protocol

# Seconds for which a connection must have waited before it has to make room, and between two looks.
PATIENCE = 2.0
_INTERVAL = 1.0
# The part of all connections that one look finds, and the least number.
_PART = 32
_LEAST = 8


class Admitted(Protocol):
    """A client's connection, as it is counted."""

    peer_ip: str
    trusted: bool
    named: tuple[str, int] | None
    client_key: str | None

    def abort(self) -> None:
        """Close now."""
        ...

    def spare_since(self) -> float | None:
        """Since when it waits for a request (epoch seconds); None if it must not be closed for another."""
        ...


def key_of(ip: str) -> str:
    """What the connections of one client have in common."""
    if ":" not in ip:
        return ip
    address = IPv6Address(ip.partition("%")[0])
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else address.packed[:8].hex()


class Admission:
    """Says who may stay.

    :param most: connections of the node; 0 for any number.
    :param most_per_client: connections of one client; 0 for any number.
    :param now: epoch seconds.
    """

    def __init__(self, most: int, most_per_client: int, now: Callable[[], float]) -> None:
        self._most = most
        self._most_per_client = most_per_client
        self._now = now
        self._of: dict[str, int] = {}
        self._spare: list[Any] = []
        self._looked: float | None = None
        # How many had to make room since the start.
        self.replaced = 0

    @property
    def clients(self) -> int:
        """How many clients are counted at this moment."""
        return len(self._of)

    def refusal(self, newcomer: Admitted, connections: Collection[Any]) -> str | None:
        """Why a connection may not stay, ``client`` or ``node``; None, and it is counted, if it may.

        :param connections: those there are, without the newcomer.
        """
        key = self._key(newcomer)
        if key is not None and self._of.get(key, 0) >= self._most_per_client:
            return "client"
        if self._most and len(connections) >= self._most and not self._make_room(connections):
            return "node"
        if key is not None:
            newcomer.client_key = key
            self._of[key] = self._of.get(key, 0) + 1
        return None

    def left(self, connection: Admitted) -> None:
        """A connection is gone; to be told of each, once or several times."""
        key = connection.client_key
        if key is None:
            return
        connection.client_key = None
        count = self._of[key] - 1
        if count:
            self._of[key] = count
        else:
            del self._of[key]

    def _key(self, connection: Admitted) -> str | None:
        if not self._most_per_client:
            return None
        if not connection.trusted:
            return key_of(connection.peer_ip)
        return None if connection.named is None else key_of(connection.named[0])

    def _make_room(self, connections: Collection[Any]) -> bool:
        if self._close_one(connections):
            return True
        now = self._now()
        if self._looked is not None and 0 <= now - self._looked < _INTERVAL:
            return False
        self._looked = now
        waiting = [
            (since, number, connection)
            for number, connection in enumerate(connections)
            if (since := connection.spare_since()) is not None and now - since >= PATIENCE
        ]
        # Those that wait longest come last, to be taken first.
        longest = sorted(waiting)[: max(_LEAST, len(connections) // _PART)]
        self._spare = [connection for _, _, connection in reversed(longest)]
        return self._close_one(connections)

    def _close_one(self, connections: Collection[Any]) -> bool:
        while self._spare:
            connection = self._spare.pop()
            since = connection.spare_since()
            if connection in connections and since is not None and self._now() - since >= PATIENCE:
                self.replaced += 1
                connection.abort()
                return True
        return False
