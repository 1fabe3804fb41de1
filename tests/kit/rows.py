"""A DAO as the holders see it, over a dict; it waits, fails and counts as a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from twisted_kong.core.changes import Entity


@dataclass(frozen=True)
class FakePage:
    """Some rows, and what asks for the next ones."""

    rows: tuple[Entity, ...]
    offset: str | None


class FakeRows:
    """Rows by id.

    ``errors`` are raised by the next reads, one each; ``broken`` ids fail whenever they are selected.  While
    ``held`` is true a read answers only upon :meth:`release`, with what was there when it was asked.
    """

    def __init__(self, *rows: Entity) -> None:
        self.rows = {row["id"]: row for row in rows}
        self.errors: list[Exception] = []
        self.broken: set[str] = set()
        self.held = False
        self.waiting: list[Deferred[None]] = []
        self.selected: list[str] = []
        self.pages = 0

    def put(self, row: Entity) -> None:
        """Write a row."""
        self.rows[row["id"]] = row

    def release(self) -> None:
        """Let the reads that are held answer."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            if not each.called:
                each.callback(None)

    async def select(self, pk: Any) -> Entity | None:
        self.selected.append(pk)
        if pk in self.broken:
            raise ValueError(f"cannot read {pk}")
        return await self._answer(lambda: self.rows.get(pk))

    async def page(self, size: Any = 100, offset: str | None = None) -> FakePage:
        self.pages += 1
        return await self._answer(lambda: self._page(size, offset))

    def _page(self, size: int, offset: str | None) -> FakePage:
        ids = sorted(id for id in self.rows if offset is None or id > offset)
        return FakePage(tuple(self.rows[id] for id in ids[:size]), ids[size - 1] if len(ids) > size else None)

    async def _answer(self, answer: Callable[[], Any]) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        seen = answer()
        if self.held:
            self.waiting.append(Deferred())
            await self.waiting[-1]
        return seen
