"""From a Service's host to a peer: an Upstream's Targets, or the addresses of a name.

A host that is the name of an Upstream is balanced over its Targets; any other is looked up.  An IP address
needs neither.  Changed row by row.

Whose health counts: :attr:`Balancing.health` is asked before a Target's address is chosen, and told what came
of each try there; without it all are available.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from twisted.internet.defer import Deferred

from twisted_kong.core.balancer.outcomes import Failure, Outcome
from twisted_kong.core.balancer.round_robin import RoundRobin
from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.core.hosts import is_address
from twisted_kong.core.names.records import Found
from twisted_kong.node.balanced import Balanced, Resolve
from twisted_kong.node.dns import Addresses, NameFailure
from twisted_kong.node.peers import Health, NoPeer, Peer

__all__ = ["Balancing", "NoPeer", "Peer"]

# Hosts of Services remembered, and their addresses as peers; all forgotten when full.
_REMEMBERED = 10_000


class Balancing:
    """Chooses peers; kept up to date with the rows of ``upstreams`` and ``targets``.

    :param resolve: addresses of a host, at once or later; :exc:`NameFailure` without any.
    :param now: seconds; for when to look at names of Targets again, and how fast they answer.
    :param new_cookie: makes the values of cookies that requests are hashed on.

    ``watchers`` are called with the id of an Upstream whenever it, its addresses or their weights have
    changed, or it is gone.
    """

    def __init__(
        self,
        resolve: Resolve,
        now: Callable[[], float] = lambda: 0.0,
        new_cookie: Callable[[], str] = lambda: "",
    ) -> None:
        self.health: Health | None = None
        self.watchers: list[Callable[[str], object]] = []
        self._resolve, self._now, self._new_cookie = resolve, now, new_cookie
        self._upstreams: dict[str, Balanced] = {}
        self._by_name: dict[str, Balanced] = {}
        self._upstream_of: dict[str, Balanced] = {}
        self._fixed: dict[tuple[str, int], Peer | None] = {}
        self._peers: dict[tuple[str, int, str], Peer] = {}
        self._turns: dict[str, tuple[Addresses, RoundRobin[Found]]] = {}

    def pick(
        self, host: str, port: int, tried: Collection[Peer] = (), ctx: RequestContext | None = None
    ) -> Peer | Deferred[Peer]:
        """The next peer for a host, if possible one not tried yet; ``ctx`` is the request, to be hashed.

        Raises or fails with :exc:`NoPeer` or :exc:`NameFailure`.
        """
        upstream = self._by_name.get(host)
        if upstream is not None:
            return self._pick_target(upstream, tried, ctx)
        return self.fixed(host, port) or self._pick_address(host, port, tried)

    def started(self, peer: Peer) -> None:
        """A try at a Target's address has begun; :meth:`ended` follows, whatever happens."""
        upstream = self._upstreams.get(peer.upstream_id or "")
        if upstream is not None:
            upstream.algorithm.started(peer)

    def ended(self, peer: Peer, outcome: Outcome | None, took: float) -> None:
        """What came of a try: None for nothing that tells of the Target, e.g. that the client left.

        ``took`` is in seconds, until the head of the answer or the failure.
        """
        upstream = self._upstreams.get(peer.upstream_id or "")
        if upstream is not None:
            learnt = None if outcome is None else took
            upstream.algorithm.ended(peer, learnt, self._now(), isinstance(outcome, Failure))
            if self.health is not None and outcome is not None:
                self.health.report(peer, outcome)

    async def addresses(self, host: str) -> Addresses:
        """Where requests for a host go that is no Upstream; raises :exc:`NameFailure` if nowhere."""
        found = self._resolve(host)
        addresses = await found if isinstance(found, Deferred) else found
        if not addresses:
            raise NameFailure(host)
        return addresses

    def fixed(self, host: str, port: int) -> Peer | None:
        """The peer of a host that leads to one place for ever: an IP address."""
        try:
            return self._fixed[host, port]
        except KeyError:
            pass
        if len(self._fixed) >= _REMEMBERED:
            self._fixed.clear()
        # Also that it is a name: to find that out takes longer than all the rest (3 µs).
        peer = self._fixed[host, port] = Peer(host, port, host) if is_address(host) else None
        return peer

    # Upstreams, as health checks see them.

    def upstream_row(self, upstream_id: str) -> Entity | None:
        """One Upstream."""
        upstream = self._upstreams.get(upstream_id)
        return None if upstream is None else upstream.row

    def targets_of(self, upstream_id: str) -> list[tuple[tuple[str, int], tuple[Peer, ...]]]:
        """Its Targets with their addresses that are known now; names are looked up, for the next time."""
        upstream = self._upstreams.get(upstream_id)
        if upstream is None:
            return []
        upstream.look_up(self._now())
        return list(upstream.targets())

    def known(self, host: str, port: int) -> tuple[Entity | None, list[Peer]]:
        """Where requests for a host would go, as far as that is known: nothing is looked up.

        The Upstream of this name, if there is one, and the addresses of its Targets; else that of a host
        that is an address.
        """
        upstream = self._by_name.get(host)
        if upstream is not None:
            return upstream.row, list(upstream.peers())
        peer = self.fixed(host, port)
        return None, [] if peer is None else [peer]

    # Choosing.

    def _pick_target(
        self, upstream: Balanced, tried: Collection[Peer], ctx: RequestContext | None
    ) -> Peer | Deferred[Peer]:
        upstream.look_up(self._now())
        peer = self._choose(upstream, tried, ctx)
        if peer is not None:
            return peer
        if upstream.is_looking:
            return upstream.looked().addCallback(lambda _: self._chosen(upstream, tried, ctx))
        raise NoPeer(upstream.id)

    def _chosen(self, upstream: Balanced, tried: Collection[Peer], ctx: RequestContext | None) -> Peer:
        peer = self._choose(upstream, tried, ctx)
        if peer is None:
            raise NoPeer(upstream.id)
        return peer

    def _choose(self, upstream: Balanced, tried: Collection[Peer], ctx: RequestContext | None) -> Peer | None:
        algorithm = upstream.algorithm
        key = b"" if upstream.keys is None or ctx is None else upstream.keys.of(ctx)
        health = self.health
        available = None if health is None else health.available
        if tried:
            avoided = {peer.key for peer in tried}
            peer = algorithm.pick(
                lambda peer: peer.key not in avoided and (available is None or available(peer)), key
            )
            if peer is not None:
                return peer
        return algorithm.pick(available, key)

    def _pick_address(self, host: str, port: int, tried: Collection[Peer]) -> Peer | Deferred[Peer]:
        found = self._resolve(host)
        if isinstance(found, Deferred):
            return found.addCallback(self._turn, host, port, tried)
        return self._turn(found, host, port, tried)

    def _turn(self, addresses: Addresses, host: str, port: int, tried: Collection[Peer]) -> Peer:
        """One of several addresses, in turn, by weight if they come from SRV records."""
        if not addresses:
            raise NameFailure(host)
        if len(addresses) == 1:
            return self._peer(addresses[0], port, host)
        known = self._turns.get(host)
        if known is None or known[0] != addresses:
            known = self._begin_turns(host, addresses)
        ring = known[1]
        found = None
        if tried:
            avoid = {peer.key for peer in tried}
            found = ring.pick(lambda found: self._peer(found, port, host).key not in avoid)
        found = found or ring.pick()
        assert found is not None
        return self._peer(found, port, host)

    def _begin_turns(self, host: str, addresses: Addresses) -> tuple[Addresses, RoundRobin[Found]]:
        if len(self._turns) >= _REMEMBERED:
            self._turns.clear()
        ring: RoundRobin[Found] = RoundRobin()
        for found in addresses:
            ring.put(found, 1 if isinstance(found, str) else found.weight)
        turns = self._turns[host] = addresses, ring
        return turns

    def _peer(self, found: Found, port: int, name: str) -> Peer:
        if isinstance(found, str):
            ip = found
        else:
            ip, port, name = found.ip, found.port or port, found.name
        key = (ip, port, name)
        peer = self._peers.get(key)
        if peer is None:
            if len(self._peers) >= _REMEMBERED:
                self._peers.clear()
            peer = self._peers[key] = Peer(ip, port, name)
        return peer

    # Rows.

    def put_upstream(self, row: Entity) -> None:
        """An Upstream was made or changed."""
        upstream = self._upstream(row["id"])
        self._forget_name(upstream)
        self._by_name[row["name"]] = upstream
        upstream.put(row)

    def remove_upstream(self, upstream_id: str) -> None:
        """An Upstream is gone, and its Targets with it."""
        upstream = self._upstreams.pop(upstream_id, None)
        if upstream is not None:
            self._forget_name(upstream)
            for target_id in upstream.target_ids():
                self._upstream_of.pop(target_id, None)
            self._tell(upstream_id)

    def put_target(self, row: Entity) -> None:
        """A Target was made or changed; it may come before its Upstream."""
        upstream = self._upstream(row["upstream"]["id"])
        if self._upstream_of.get(row["id"], upstream) is not upstream:
            self.remove_target(row["id"])
        self._upstream_of[row["id"]] = upstream
        upstream.put_target(row)

    def remove_target(self, target_id: str) -> None:
        """A Target is gone."""
        upstream = self._upstream_of.pop(target_id, None)
        if upstream is not None:
            upstream.remove_target(target_id)

    def replace(self, upstreams: Iterable[Entity], targets: Iterable[Entity]) -> None:
        """Forget everything and start from these rows."""
        for upstream_id in list(self._upstreams):
            self.remove_upstream(upstream_id)
        for row in upstreams:
            self.put_upstream(row)
        for row in targets:
            self.put_target(row)

    def _upstream(self, id: str) -> Balanced:
        upstream = self._upstreams.get(id)
        if upstream is None:
            upstream = self._upstreams[id] = Balanced(id, self._resolve, self._new_cookie, self._tell)
        return upstream

    def _forget_name(self, upstream: Balanced) -> None:
        row = upstream.row
        if row is not None and self._by_name.get(row["name"]) is upstream:
            del self._by_name[row["name"]]

    def _tell(self, upstream_id: str) -> None:
        for watcher in self.watchers:
            watcher(upstream_id)
