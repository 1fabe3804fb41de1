"""A store in memory that documents are applied to, with a clock that only the test moves."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any
from uuid import UUID

from twisted.internet.task import Clock

from tests.kit.bundled import bundled
from tests.kit.deferreds import success_of
from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.registry import Schemas, build_schemas
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.declarative.exporting import Exporter, Format
from twisted_kong.db.declarative.importing import Imported, Importer
from twisted_kong.db.declarative.options import Mode, Options, Tell, tell_nobody
from twisted_kong.db.declarative.planning import Plan
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.transaction import Draft

PLUGINS = ("key-auth", "basic-auth", "acl", "rate-limiting", "jwt", "hmac-auth", "oauth2", "acme", "http-log")
START = 1_795_479_400.0


@cache
def schemas() -> Schemas:
    """The kinds of the core and of a good many plugins."""
    return build_schemas(bundled(*PLUGINS))


class Gateway:
    """A database in memory, and what can be done with documents."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        numbers = itertools.count(1)
        ids = Ids(
            lambda: str(UUID(int=(4 << 76) + (8 << 60) + next(numbers))), lambda: f"{next(numbers):032}", "me"
        )
        self.database = Database(MemoryStrategy(self.clock, lambda: "00c0ffee"), schemas(), self.clock, ids)
        success_of(self.database.start())
        self.importer = Importer(self.database, self.clock)

    def apply(
        self,
        document: dict[str, Any] | str,
        mode: Mode = "upsert",
        tags: tuple[str, ...] = (),
        tell: Tell = tell_nobody,
    ) -> Imported:
        """Apply a document, be it without a version."""
        return success_of(self.importer.apply(self._whole(document), Options(mode, tags, "alice"), tell))

    def plan(self, document: dict[str, Any] | str, mode: Mode = "upsert", flatten: bool = False) -> Plan:
        """Plan a document."""
        return success_of(self.importer.plan(self._whole(document), Options(mode, flatten=flatten)))

    def insert(self, kind: str, **record: Any) -> Entity:
        """Make an entity in the way of the Admin API."""
        entity = success_of(self.database[kind].insert(record)).entity
        assert entity is not None
        return entity

    def rows(self, kind: str) -> list[Entity]:
        """All entities of a kind."""
        return list(success_of(self.database[kind].page(1000)).rows)

    def export(self, format: Format = "kong", *, ids: bool = False) -> str:
        """Everything as a document."""
        return success_of(Exporter(self.database, self.clock).text(format, ids=ids))

    def _whole(self, document: dict[str, Any] | str) -> dict[str, Any]:
        if isinstance(document, str):
            return success_of(self.importer.parse(document))
        return {"_format_version": "3.0", **document}


def told(drafts: tuple[Draft, ...]) -> list[tuple[str, str]]:
    """What changes have been made, without ids."""
    return [(draft.operation, draft.table) for draft in drafts]
