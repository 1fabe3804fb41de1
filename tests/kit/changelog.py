"""A log of changes that fails, waits and forgets when a test says so; positions are plain integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from twisted_kong.core.changes import Change, ChangeBatch, Operation


def change(
    number: int,
    entity: str = "services",
    id: str = "1",
    operation: Operation = "update",
    *,
    keys: tuple[str, ...] | None = None,
    origin: str = "other",
) -> Change:
    """One change, whose key is that of the entity unless told otherwise."""
    return Change(
        position=number,
        entity=entity,
        operation=operation,
        id=id,
        keys=(f"{entity}:{id}",) if keys is None else keys,
        origin=origin,
        at=0.0,
    )


class FakeLog:
    """Changes 1, 2, 3, … in commit order.

    ``errors`` are raised by the next reads, one each.  While ``held`` is true a read answers only upon
    :meth:`release`, with what the log held when it was asked.  Changes up to ``trimmed`` are forgotten.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.errors: list[Exception] = []
        self.held = False
        self.waiting: list[Deferred[None]] = []
        self.trimmed = 0
        self.news: bool | Exception = False
        self.reads = 0
        self.reading = 0
        self.most_at_once = 0
        self.listeners: list[Callable[[], object]] = []

    def commit(self, entity: str = "services", id: str = "1", **more: Any) -> Change:
        """Append a change."""
        self.changes.append(change(len(self.changes) + 1, entity, id, **more))
        return self.changes[-1]

    def release(self) -> None:
        """Let every read that is held answer."""
        waiting, self.waiting = self.waiting, []
        for held in waiting:
            if not held.called:
                held.callback(None)

    async def head(self) -> int:
        return await self._answer(lambda: len(self.changes))

    async def changes_after(self, position: Any, limit: int = 1000) -> ChangeBatch:
        return await self._answer(lambda: self._batch(position, limit))

    def has_news(self) -> bool:
        if isinstance(self.news, Exception):
            raise self.news
        return self.news

    def listen(self, heard: Callable[[], object]) -> None:
        self.listeners.append(heard)

    def push(self) -> None:
        """Tell who listens that something was committed."""
        for heard in self.listeners:
            heard()

    def _batch(self, position: int, limit: int) -> ChangeBatch:
        if position < self.trimmed or position > len(self.changes):
            return ChangeBatch((), len(self.changes), continuous=False, more=False)
        after = tuple(self.changes[position : position + limit])
        reached = position + len(after)
        return ChangeBatch(after, reached, continuous=True, more=reached < len(self.changes))

    async def _answer(self, answer: Callable[[], Any]) -> Any:
        self.reads += 1
        self.reading += 1
        self.most_at_once = max(self.most_at_once, self.reading)
        try:
            seen = answer()
            if self.errors:
                raise self.errors.pop(0)
            if self.held:
                held: Deferred[None] = Deferred()
                self.waiting.append(held)
                await held
            return seen
        finally:
            self.reading -= 1
