"""From a Service's host to a peer: an Upstream's Targets, or the addresses of a name.

A host that is the name of an Upstream is balanced over its Targets; any other is looked up.  An IP address
needs neither.  Changed row by row: only the ring of the Upstream concerned is built anew, when next asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from twisted.internet.defer import Deferred
from typing_extensions import override

from twisted_kong.core.balancer.round_robin import RoundRobin
from twisted_kong.core.changes import Entity
from twisted_kong.core.hosts import is_address
from twisted_kong.node.dns import NameFailure

Addresses = tuple[str, ...]
Resolve = Callable[[str], "Addresses | Deferred[Addresses]"]

_DEFAULT_PORT = 8000
_DEFAULT_WEIGHT = 100
# Addresses of Services remembered as peers; all forgotten when full.
_REMEMBERED = 10_000


class NoPeer(Exception):
    """An Upstream has no Target that could serve (Kong: 503 ``failure to get a peer``)."""


class Peer:
    """One address to connect to; the same object for the same address, so it can serve as a key.

    ``name`` is what Host says when nothing else decided: the Target's or Service's name, else the IP.
    ``host_header`` is the Upstream's, if it has one; ``key`` tells which connections can be shared.
    """

    __slots__ = ("host_header", "ip", "key", "name", "port")

    def __init__(self, ip: str, port: int, name: str, host_header: str | None = None) -> None:
        self.ip = ip
        self.port = port
        self.key = (ip, port)
        self.name = name
        self.host_header = host_header

    @override
    def __repr__(self) -> str:
        return f"Peer({self.ip!r}, {self.port}, {self.name!r})"


def parse_target(target: str) -> tuple[str, int]:
    """The host and port of a Target; Kong's default port is 8000."""
    host, colon, port = target.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        return target.strip("[]"), _DEFAULT_PORT
    if port.isascii() and port.isdigit():
        return host.strip("[]"), int(port)
    return target.strip("[]"), _DEFAULT_PORT


def _weight(row: Entity) -> int:
    weight = row.get("weight")
    return _DEFAULT_WEIGHT if weight is None else int(weight)


class _Upstream:
    """One Upstream with its Targets and, once asked, its ring."""

    __slots__ = ("ring", "row", "targets")

    def __init__(self) -> None:
        self.row: Entity | None = None
        self.targets: dict[str, Entity] = {}
        self.ring: RoundRobin[tuple[str, int]] | None = None

    def turn(self) -> RoundRobin[tuple[str, int]]:
        if self.ring is None:
            # Later rows of one target replace earlier ones (Kong: only the newest counts).
            rows = sorted(self.targets.values(), key=lambda row: (row.get("created_at") or 0, row["id"]))
            weights = {row["target"]: _weight(row) for row in rows}
            self.ring = RoundRobin((parse_target(target), weight) for target, weight in weights.items())
        return self.ring


class Balancing:
    """Chooses peers; kept up to date with the rows of ``upstreams`` and ``targets``.

    :param resolve: addresses of a host, at once or later; :exc:`NameFailure` without any.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._upstreams: dict[str, _Upstream] = {}
        self._by_name: dict[str, _Upstream] = {}
        self._fixed: dict[tuple[str, int], Peer] = {}
        self._peers: dict[tuple[str, int, str, str | None], Peer] = {}
        self._turns: dict[str, int] = {}

    def pick(self, host: str, port: int, tried: Collection[Peer] = ()) -> Peer | Deferred[Peer]:
        """The next peer for a host, if possible one not tried yet.

        Raises or fails with :exc:`NoPeer` or :exc:`NameFailure`.
        """
        upstream = self._by_name.get(host)
        if upstream is not None and upstream.row is not None:
            return self._pick_target(upstream, upstream.row, tried)
        return self.fixed(host, port) or self._pick_address(host, port, None, tried)

    async def addresses(self, host: str) -> Addresses:
        """Where requests for a host go that is no Upstream; raises :exc:`NameFailure` if nowhere."""
        found = self._resolve(host)
        addresses = await found if isinstance(found, Deferred) else found
        if not addresses:
            raise NameFailure(host)
        return addresses

    def fixed(self, host: str, port: int) -> Peer | None:
        """The peer of a host that leads to one place for ever: an IP address."""
        peer = self._fixed.get((host, port))
        if peer is None and is_address(host):
            if len(self._fixed) >= _REMEMBERED:
                self._fixed.clear()
            peer = self._fixed[host, port] = Peer(host, port, host)
        return peer

    def _pick_target(
        self, upstream: _Upstream, row: Entity, tried: Collection[Peer]
    ) -> Peer | Deferred[Peer]:
        avoid = {(peer.name, peer.port) for peer in tried}
        chosen = upstream.turn().pick(avoid)
        if chosen is None:
            raise NoPeer(row["name"])
        host, port = chosen
        host_header = row.get("host_header")
        if is_address(host):
            return self._peer(host, port, host, host_header)
        return self._pick_address(host, port, host_header, tried)

    def _pick_address(
        self, host: str, port: int, host_header: str | None, tried: Collection[Peer]
    ) -> Peer | Deferred[Peer]:
        found = self._resolve(host)
        if isinstance(found, Deferred):
            return found.addCallback(self._turn, host, port, host_header, tried)
        return self._turn(found, host, port, host_header, tried)

    def _turn(
        self, addresses: Addresses, host: str, port: int, host_header: str | None, tried: Collection[Peer]
    ) -> Peer:
        """One of several addresses, in turn."""
        if not addresses:
            raise NameFailure(host)
        avoid = {peer.ip for peer in tried if peer.port == port}
        usable = [ip for ip in addresses if ip not in avoid] or addresses
        if len(usable) == 1:
            return self._peer(usable[0], port, host, host_header)
        if len(self._turns) >= _REMEMBERED:
            self._turns.clear()
        turn = self._turns[host] = self._turns.get(host, -1) + 1
        return self._peer(usable[turn % len(usable)], port, host, host_header)

    def _peer(self, ip: str, port: int, name: str, host_header: str | None) -> Peer:
        key = (ip, port, name, host_header)
        peer = self._peers.get(key)
        if peer is None:
            if len(self._peers) >= _REMEMBERED:
                self._peers.clear()
            peer = self._peers[key] = Peer(ip, port, name, host_header)
        return peer

    def put_upstream(self, row: Entity) -> None:
        """An Upstream was made or changed."""
        upstream = self._upstreams.setdefault(row["id"], _Upstream())
        self._forget_name(upstream)
        upstream.row = row
        self._by_name[row["name"]] = upstream

    def remove_upstream(self, upstream_id: str) -> None:
        """An Upstream is gone, and its Targets with it."""
        upstream = self._upstreams.pop(upstream_id, None)
        if upstream is not None:
            self._forget_name(upstream)

    def _forget_name(self, upstream: _Upstream) -> None:
        row = upstream.row
        if row is not None and self._by_name.get(row["name"]) is upstream:
            del self._by_name[row["name"]]

    def put_target(self, row: Entity) -> None:
        """A Target was made or changed; it may come before its Upstream."""
        upstream = self._upstreams.setdefault(row["upstream"]["id"], _Upstream())
        upstream.targets[row["id"]] = row
        upstream.ring = None

    def remove_target(self, target_id: str) -> None:
        """A Target is gone."""
        for upstream in self._upstreams.values():
            if upstream.targets.pop(target_id, None) is not None:
                upstream.ring = None

    def replace(self, upstreams: Iterable[Entity], targets: Iterable[Entity]) -> None:
        """Forget everything and start from these rows."""
        self._upstreams = {}
        self._by_name = {}
        for row in upstreams:
            self.put_upstream(row)
        for row in targets:
            self.put_target(row)
