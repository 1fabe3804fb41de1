"""Weighted round robin, spread evenly: the choice of 2:1 is a b a, not a a b.

Each pick raises every peer's credit by its weight and takes the peer with the most; the taken one pays the
sum of weights.  Over any sum-of-weights picks each peer is chosen exactly as often as its weight says, and no
wheel of weights has to be built.  Kong shuffles a wheel instead; the shares are the same, the order is not.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class _Peer(Generic[T]):
    __slots__ = ("credit", "value", "weight")

    def __init__(self, value: T, weight: int) -> None:
        self.value = value
        self.weight = weight
        self.credit = 0


class RoundRobin(Generic[T]):
    """Peers with weights, chosen in turn.

    :param peers: (value, weight) pairs; a weight of 0 or less gets no traffic.
    """

    def __init__(self, peers: Iterable[tuple[T, int]]) -> None:
        self._peers = [_Peer(value, weight) for value, weight in peers if weight > 0]
        self._even = len({peer.weight for peer in self._peers}) <= 1
        self._next = 0

    def __len__(self) -> int:
        return len(self._peers)

    def pick(self, avoid: Collection[T] = ()) -> T | None:
        """The next peer that is not to be avoided; any peer if all are; None without peers."""
        if not self._peers:
            return None
        if not avoid:
            return self._turn(self._peers)
        usable = [peer for peer in self._peers if peer.value not in avoid]
        return self._turn(usable or self._peers)

    def _turn(self, peers: list[_Peer[T]]) -> T:
        if self._even:
            self._next += 1
            return peers[self._next % len(peers)].value
        total = 0
        best = peers[0]
        for peer in peers:
            total += peer.weight
            peer.credit += peer.weight
            if peer.credit > best.credit:
                best = peer
        best.credit -= total
        return best.value
