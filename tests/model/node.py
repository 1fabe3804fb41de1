"""A node in the model: the real cache, feed, invalidator, holder and membership over the model's database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from twisted.internet.defer import Deferred
from typing_extensions import override

from tests.model.cluster import Cluster
from tests.model.process import Process
from tests.model.strategy import Strategy
from tests.model.truth import IDS, Key
from twisted_kong.core.cache import ABSENT, MISS
from twisted_kong.core.changes import Change, ChangeBatch, Entity, Position
from twisted_kong.db.interfaces import Member
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.convergence import Convergence
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.holder import Holder
from twisted_kong.node.invalidation import Invalidator
from twisted_kong.node.marks import Mark, Marks
from twisted_kong.node.membership import Membership
from twisted_kong.node.steady import SteadyClock

# Seconds after which a poll is given up.
PATIENCE = 8.0


class Rows(Holder):
    """Holds rows for their own sake."""

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        yield


class Forgetful(Marks[Key]):
    """Takes a read under way for good enough, whatever changes during it."""

    @override
    def set(self, key: Key) -> Mark:
        return self._marks.setdefault(key, Mark())


class Blind(Invalidator):
    """Takes every change of its own process for applied."""

    origin = ""

    @override
    async def follow(self, changes: Sequence[Change]) -> None:
        await super().follow([each for each in changes if each.origin != self.origin])


class Credulous:
    """Holds any position for one of its own."""

    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        assert after is not None
        return ChangeBatch((), after, continuous=True, more=False)


class Node:
    """One process on the database; a restart makes another."""

    def __init__(self, name: str, cluster: Cluster, now: float) -> None:
        self.name, self._cluster, self.rules = name, cluster, cluster.rules
        settings = cluster.scenario.settings
        self.process = Process(now)
        self.alive, self.serving = True, False
        self.clock = clock = SteadyClock(self.process) if self.rules.steady else self.process
        self.strategy = Strategy(name, cluster, self.process)
        self.cache = EntityCache(clock, ttl=settings.ttl, resurrect_ttl=settings.resurrect_ttl, reads=2)
        if not self.rules.leases:
            self.cache._table.redeem = lambda key, flight: True  # type: ignore[method-assign]
        self.holder = Rows({"rows": self.strategy}, clock, ttl=settings.ttl, page_size=2)
        if not self.rules.read_again:
            self.holder._marks = Forgetful()
        self.invalidator = (Invalidator if self.rules.own_when_applied else Blind)(
            self.cache, [self.holder], clock
        )
        if isinstance(self.invalidator, Blind):
            self.invalidator.origin = name
        self.feed = ChangeFeed(
            self.strategy,
            self.invalidator.follow,
            self.invalidator.doubt,
            clock,
            frequency=settings.frequency,
            propagation=settings.propagation,
            watch=1.0,
            patience=PATIENCE,
            limit=2,
            chance=cluster.chance.random,
        )
        this = Member(name, name, "", "", 0.0, None)
        self.membership = Membership(self.strategy, this, lambda: self.feed.applied, clock)
        self.feed.watchers.append(self.membership.moved)
        self.convergence = Convergence(
            self.strategy,
            self.strategy if self.rules.known_positions else Credulous(),
            lambda: self.membership.this,
            self.feed.poll_now,
            clock,
        )
        # Whether others know of this node; who is told when they do, and when it knows what they knew.
        self.listed = False
        self.arrives: Callable[[], object] = lambda: None
        self.knows: Callable[[], object] = lambda: None
        self.holder.startService()
        self.feed.startService()
        Deferred.fromCoroutine(self._join()).addErrback(lambda _: None)

    def stop(self) -> None:
        """The process ends; what it still waits for concerns nobody."""
        self.alive = self.serving = False
        self.feed.stopService()
        self.holder.stopService()
        for ending in (self.strategy.stop(), self.convergence.stop(), self.membership.stop()):
            Deferred.fromCoroutine(ending).addErrback(lambda _: None)

    # What it serves.

    async def get(self, id: str) -> int | None:
        """What a request needs."""
        value: int | None = await self.cache.get(f"creds:{id}", lambda: self.strategy.value(("creds", id)))
        return value

    async def warm_up(self) -> None:
        """What ``db_cache_warmup_entities`` does, at any moment: a page of rows is kept."""
        lease = self.cache.gather()
        page: list[tuple[str, int | None]] = []
        try:
            page = await self.strategy.values()
        finally:
            if not self.rules.page_leases:
                lease = self.cache.gather()
            self.cache.fill(lease, [(f"creds:{id}", value) for id, value in page if value is not None])

    def served_now(self) -> Iterator[tuple[Key, int | None]]:
        """All that a request would be given at once."""
        rows = self.holder.rows["rows"]
        for id in IDS:
            value = self.cache.peek(f"creds:{id}")
            if value is not ABSENT:
                yield ("creds", id), None if value is MISS else value
            if self.holder.ready:
                row = rows.get(id)
                yield ("rows", id), None if row is None else row["v"]

    # What it tells the world.

    async def write(self, key: Key, deleted: bool) -> tuple[Change, bool]:
        """What the Admin API does: write, apply, answer; whether it was applied."""
        change = await self.strategy.write(key, deleted)
        return change, await self.invalidator.apply([change])

    async def converged(self, position: Position, timeout: float) -> bool:
        """Whether all living nodes have applied a position, as soon as they have."""
        return (await self.convergence.reached(position, timeout)).converged

    async def _join(self) -> None:
        """Come up as a node does: what has converged before others knew of this one must be applied first."""
        await self.holder.loaded()
        end = await self.membership.start()
        self.listed = end is not None
        self.arrives()
        if not self.rules.arrival:
            end = self.feed.applied
        caught_up = end is not None and await self.feed.catch_up(end, PATIENCE)
        self.serving = self.alive
        if self.serving and self.listed and caught_up:
            self.knows()
