"""The row operations of a staged write: what was staged hides what the store beneath holds."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import override

from twisted_kong.db.interfaces import Stored
from twisted_kong.db.staging.base import Base
from twisted_kong.db.staging.forgetting import Kept
from twisted_kong.db.strategies.memory.data import MemoryData, MemoryRows
from twisted_kong.db.tables import Table, Unique


class Overlay:
    """What lies over a store.

    ``data`` holds the rows that were written, or read before because they all are needed.
    ``hidden`` holds by table the keys of those that only ``data`` is to be asked for: written or removed.
    ``complete`` names the tables of which ``data`` holds every row there is.
    """

    def __init__(self) -> None:
        self.data = MemoryData()
        self.hidden: dict[str, set[str]] = {}
        self.complete: set[str] = set()

    def hides(self, table: str, key: str) -> bool:
        """Whether the store beneath is not to be asked for a row."""
        return table in self.complete or key in self.hidden.get(table, ())

    def kept(self) -> Iterator[Kept]:
        """What all of it is kept in."""
        for table in self.data.tables.values():
            yield from (table.documents, table.keys, table.holders, table.referring, table.tags)
        yield from self.hidden.values()

    def holds(self, table: str, key: str) -> bool:
        """Whether a row is there."""
        return key in self.data.table(table).documents


class StagedRows(MemoryRows):
    """The row operations of one write, with the steps that would take it back."""

    def __init__(self, overlay: Overlay, base: Base) -> None:
        super().__init__(overlay.data)
        self._overlay = overlay
        self._base = base

    @override
    async def get(self, table: Table, key: str) -> Stored | None:
        if self._overlay.hides(table.name, key):
            return await super().get(table, key)
        return await self._base.select(table, key)

    @override
    async def holder(self, table: Table, unique: Unique, value: str) -> str | None:
        held = await super().holder(table, unique, value)
        if held is not None or table.name in self._overlay.complete:
            return held
        row = await self._base.select_by(table, unique, value)
        key = None if row is None else table.key_of(row.entity)
        return None if key is None or self._overlay.hides(table.name, key) else key

    @override
    async def referring(self, table: Table, field: str, parent: str) -> list[str]:
        keys = await super().referring(table, field, parent)
        if table.name in self._overlay.complete:
            return keys
        beneath = await self._base.children(table, field, parent)
        return sorted([*keys, *(key for key in beneath if not self._overlay.hides(table.name, key))])

    @override
    async def put(self, table: Table, key: str, new: Stored, old: Stored | None) -> None:
        self._hide(table, key)
        await super().put(table, key, new, old if self._overlay.holds(table.name, key) else None)

    @override
    async def remove(self, table: Table, key: str, old: Stored) -> None:
        self._hide(table, key)
        if self._overlay.holds(table.name, key):
            await super().remove(table, key, old)

    async def load(self, table: Table, key: str, row: Stored) -> None:
        """Hold a row as it was read, which is no write."""
        self._add(table, key, row)

    def _hide(self, table: Table, key: str) -> None:
        hidden = self._overlay.hidden.setdefault(table.name, set())
        if key not in hidden:
            hidden.add(key)
            self._undo.append(lambda: hidden.discard(key))
