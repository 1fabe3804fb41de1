"""A node in the model: the real cache, feed, invalidator and holder over the model's database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from typing_extensions import override

from tests.kit.rows import FakePage
from tests.model.store import IDS, Key, Store
from twisted_kong.core.cache import ABSENT, MISS
from twisted_kong.core.changes import Change, ChangeBatch, Entity
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.holder import Holder
from twisted_kong.node.invalidation import Invalidator
from twisted_kong.node.marks import Mark, Marks


@dataclass(frozen=True)
class Settings:
    """The db_* settings of a node, and where it reads and polls when there is a replica."""

    frequency: float = 5.0
    propagation: float = 0.0
    ttl: float = 0.0
    resurrect_ttl: float = 30.0


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


class Node:
    """One process on the database; a restart makes another."""

    def __init__(self, name: str, store: Store, settings: Settings) -> None:
        self.name, self.store = name, store
        self.rules, clock = store.rules, store.clock
        self.alive = True
        # What this process has been told of its own writes: world numbers.
        self.written: dict[Key, int] = {}
        self._wrote_at = -1e9
        self._server = store.incarnation
        self.cache = EntityCache(clock, ttl=settings.ttl, resurrect_ttl=settings.resurrect_ttl, refills=1)
        if not self.rules.leases:
            self.cache._table.redeem = lambda key, flight: True  # type: ignore[method-assign]
        self.holder = Rows({"rows": self}, clock, ttl=settings.ttl, page_size=2)
        if not self.rules.read_again:
            self.holder._marks = Forgetful()
        self.invalidator = (Invalidator if self.rules.own_when_applied else Blind)(
            self.cache, [self.holder], clock
        )
        if isinstance(self.invalidator, Blind):
            self.invalidator.origin = name
        self.feed = ChangeFeed(
            self,
            self.invalidator.follow,
            self.invalidator.doubt,
            clock,
            frequency=settings.frequency,
            propagation=settings.propagation,
            watch=0.7,
            limit=2,
        )
        self.holder.startService()
        self.feed.startService()

    def stop(self) -> None:
        """The process ends; what it still waits for concerns nobody."""
        self.alive = False
        self.feed.stopService()
        self.holder.stopService()

    # What it serves.

    async def get(self, id: str) -> int | None:
        async def load() -> int | None:
            return await self.store.read(("creds", id), self._behind())

        value: int | None = await self.cache.get(f"creds:{id}", load)
        return value

    async def warm_up(self) -> None:
        """What ``db_cache_warmup_entities`` does, at any moment: a page of rows is kept."""
        lease = self.cache.gather()
        reads = [Deferred.fromCoroutine(self.store.read(("creds", id), self._behind())) for id in IDS]
        results: list[Any] = await DeferredList(reads, consumeErrors=True)
        page = [(f"creds:{id}", value) for id, (read, value) in zip(IDS, results, strict=True) if read]
        if not self.rules.page_leases:
            lease = self.cache.gather()
        self.cache.fill(lease, [row for row in page if row[1] is not None])

    def served_now(self) -> dict[Key, int | None]:
        """All that a request would be given at once."""
        served: dict[Key, int | None] = {}
        for id in IDS:
            value = self.cache.peek(f"creds:{id}")
            if value is not ABSENT:
                served["creds", id] = None if value is MISS else value
            if self.holder.ready:
                served["rows", id] = self.holder.rows["rows"].get(id, {"v": None})["v"]
        return served

    def floor(self, key: Key) -> int:
        """The world number of the latest change of an entity that this node must know of."""
        applied: Any = self.feed.applied
        known = -1 if applied is None else self.store.world_of[applied]
        return max(known, self.written.get(key, -1))

    async def write(self, key: Key) -> None:
        """What the Admin API does: write, apply, answer."""
        change = await self.store.write(self.name, key)
        self._wrote_at = self.store.clock.seconds()
        position: Any = change.position
        if self.alive and await self.invalidator.apply([change]):
            self.written[key] = self.store.world_of[position]

    # The database, as the holder and the feed of this node see it.

    def _behind(self) -> float:
        # After a write of its own a node reads the primary until the replica has replayed it.
        lag = self.store.lag
        return 0.0 if self.store.clock.seconds() - self._wrote_at <= lag + 3 else lag

    async def select(self, pk: Any) -> Entity | None:
        value = await self.store.read(("rows", pk), self._behind())
        return None if value is None else {"id": pk, "v": value}

    async def page(self, size: Any = 100, offset: str | None = None) -> FakePage:
        ids = [id for id in IDS if offset is None or id > offset][:size]
        rows = [await self.select(id) for id in ids]
        more = ids[-1] if ids and ids[-1] != IDS[-1] else None
        return FakePage(tuple(row for row in rows if row is not None), more)

    async def head(self) -> Any:
        return await self.store.head(self._poll_behind())

    async def changes_after(self, position: Any, limit: int = 1000) -> ChangeBatch:
        batch = await self.store.changes_after(position, limit, self._poll_behind())
        if self.rules.doubt_after_failover and self._server != self.store.incarnation:
            # The connection broke, and another server was found: what was read of the old one may never
            # have happened on the new one, be it before this position or after.
            self._server = self.store.incarnation
            return ChangeBatch((), self.store.log[-1].position, continuous=False, more=False)
        return batch

    def has_news(self) -> bool:
        return self.store.random.random() < 0.02

    def listen(self, heard: Any) -> None:
        """A database that pushes nothing."""

    def _poll_behind(self) -> float:
        return self.store.lag if self.rules.poll_where_read else 0.0
