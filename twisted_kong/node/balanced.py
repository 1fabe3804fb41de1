"""One Upstream of a node: its Targets, the addresses they lead to, and the algorithm over these.

Changed Target by Target: an address that stays keeps its :class:`Peer`, and with it its share, its statistics
and its health.  Names are looked at again once a second while there are requests; what they lead to is the
resolver's business, which keeps answers for as long as they are good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from twisted.internet.defer import Deferred

from twisted_kong.core.balancer.algorithm import Algorithm
from twisted_kong.core.balancer.choosing import HASHING, kind_of, make_algorithm
from twisted_kong.core.balancer.keys import Keys
from twisted_kong.core.balancer.targets import parse_target, weight_of
from twisted_kong.core.changes import Entity
from twisted_kong.core.hosts import is_address
from twisted_kong.core.names.records import Found
from twisted_kong.node.dns import Addresses, NameFailure
from twisted_kong.node.peers import Peer

Resolve = Callable[[str], "Addresses | Deferred[Addresses]"]

# Kong: whether names lead elsewhere is looked at every second.
RECHECK: Final = 1.0


class _Place:
    """The host and port of a Target, with every row that names them, and the addresses of the host."""

    __slots__ = ("host", "looking", "peers", "port", "rows", "weight")

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.rows: dict[str, Entity] = {}
        self.weight = 0
        self.peers: dict[Found, Peer] = {}
        self.looking = False


def _identity(peer: Peer) -> str:
    return f"{peer.name}|{peer.ip}|{peer.port}"


class Balanced:
    """The Targets of one Upstream.

    :param new_cookie: makes values for cookies to hash on.
    :param changed: called with the Upstream's id whenever its addresses or their weights have changed.
    """

    def __init__(
        self,
        id: str,
        resolve: Resolve,
        new_cookie: Callable[[], str],
        changed: Callable[[str], object],
    ) -> None:
        self.id = id
        self.row: Entity | None = None
        self.keys: Keys | None = None
        self._resolve, self._new_cookie, self._changed = resolve, new_cookie, changed
        self.algorithm: Algorithm[Peer] = make_algorithm({}, _identity)
        self._places: dict[tuple[str, int], _Place] = {}
        self._place_of: dict[str, _Place] = {}
        self._names: dict[tuple[str, int], _Place] = {}
        self._look_again = 0.0
        self._waiting: list[Deferred[None]] = []

    def peers(self) -> Iterator[Peer]:
        """All addresses that are known, also of weight 0."""
        for place in self._places.values():
            yield from place.peers.values()

    def targets(self) -> Iterator[tuple[tuple[str, int], tuple[Peer, ...]]]:
        """The Targets by host and port, each with the addresses that are known, also of weight 0."""
        for target, place in self._places.items():
            yield target, tuple(place.peers.values())

    def target_ids(self) -> tuple[str, ...]:
        """The rows that make up the Targets."""
        return tuple(self._place_of)

    # Rows.

    def put(self, row: Entity) -> None:
        """The Upstream was made or changed; statistics are kept unless the algorithm is another one."""
        old = self.row or {}
        self.row = row
        self.keys = Keys(row, self._new_cookie) if row.get("algorithm") == HASHING else None
        for peer in self.peers():
            self._dress(peer)
        if bool(old.get("use_srv_name")) != bool(row.get("use_srv_name")):
            self._rename()
        if kind_of(old) != kind_of(row):
            self.algorithm = make_algorithm(row, _identity)
            for peer in self.peers():
                self.algorithm.put(peer, peer.weight)
        self._changed(self.id)

    def _rename(self) -> None:
        """The names of addresses of SRV records are others now."""
        for place in self._names.values():
            known = tuple(place.peers)
            self._lead(place, ())
            self._lead(place, known)

    def put_target(self, row: Entity) -> None:
        """A Target was made or changed."""
        host, port = parse_target(row["target"])
        place = self._places.get((host, port))
        former = self._place_of.get(row["id"])
        if former is not None and former is not place:
            self.remove_target(row["id"])
        if place is None:
            place = self._places[host, port] = _Place(host, port)
        self._place_of[row["id"]] = place
        place.rows[row["id"]] = row
        place.weight = weight_of(place.rows.values())
        if is_address(host):
            self._lead(place, (host,))
        else:
            self._names[host, port] = place
            self._look_again = 0.0
            self._lead(place, place.peers)

    def remove_target(self, target_id: str) -> None:
        """A Target is gone."""
        place = self._place_of.pop(target_id, None)
        if place is None:
            return
        del place.rows[target_id]
        if place.rows:
            place.weight = weight_of(place.rows.values())
            self._lead(place, place.peers)
            return
        del self._places[place.host, place.port]
        self._names.pop((place.host, place.port), None)
        self._lead(place, ())

    def _lead(self, place: _Place, addresses: Iterable[Found]) -> None:
        """Have a place consist of these addresses, each with the place's weight or that of its SRV record."""
        changed = False
        wanted = dict.fromkeys(addresses)
        for found in [found for found in place.peers if found not in wanted]:
            self.algorithm.remove(place.peers.pop(found))
            changed = True
        for found in wanted:
            peer = place.peers.get(found)
            if peer is None:
                peer = place.peers[found] = self._peer(place, found)
            # A Target of no weight gets no traffic, whatever is said of its name.
            weight = place.weight if isinstance(found, str) or not place.weight else found.weight
            if peer.weight != weight:
                peer.weight = weight
                self.algorithm.put(peer, weight)
                changed = True
        if changed:
            self._changed(self.id)

    def _peer(self, place: _Place, found: Found) -> Peer:
        if isinstance(found, str):
            peer = Peer(found, place.port, place.host, None, self.id, -1)
        else:
            # Kong: Host is the name in the SRV record, or with use_srv_name that of the record.
            name = place.host if (self.row or {}).get("use_srv_name") else found.name
            peer = Peer(found.ip, found.port or place.port, name, None, self.id, -1)
        self._dress(peer)
        return peer

    def _dress(self, peer: Peer) -> None:
        """Have an address say and show what the Upstream wants to."""
        row = self.row or {}
        peer.host_header = row.get("host_header")
        peer.client_certificate = row.get("client_certificate")

    # Names.

    def look_up(self, now: float) -> None:
        """See where the names of Targets lead, if that was not done within the last second."""
        if self._names and now >= self._look_again:
            self._look_again = now + RECHECK
            for place in list(self._names.values()):
                if not place.looking:
                    self._look_at(place)

    def _look_at(self, place: _Place) -> None:
        try:
            found = self._resolve(place.host)
        except NameFailure:
            found = ()
        if isinstance(found, Deferred):
            place.looking = True
            found.addErrback(lambda _: ())
            found.addCallback(self._found, place)
        else:
            self._lead(place, found)

    def _found(self, addresses: Addresses, place: _Place) -> None:
        place.looking = False
        if self._places.get((place.host, place.port)) is place:
            self._lead(place, addresses)
        if not self.is_looking:
            waiting, self._waiting = self._waiting, []
            for waiter in waiting:
                waiter.callback(None)

    @property
    def is_looking(self) -> bool:
        """Whether a name is being looked up."""
        return any(place.looking for place in self._names.values())

    def looked(self) -> Deferred[None]:
        """Fires when no name is being looked up any more."""
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        return waiter
