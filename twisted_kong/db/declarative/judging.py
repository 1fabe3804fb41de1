"""Makes the entities of a document complete, and gathers all that is wrong with any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.items import Item
from twisted_kong.core.declarative.kinds import STAMPS
from twisted_kong.core.declarative.problems import Problem
from twisted_kong.core.errors import InvalidOptions, SchemaViolation
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Dao
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.matching import Matching
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.schemas import lasting
from twisted_kong.db.ttl import take_ttl

# Seconds by which the end of an entity's time may differ from what a document gives it still to live.
_SAME_END = 60.0


@dataclass(slots=True)
class Judged:
    """An entity of a document, complete, beside the one that is stored.

    :param expires: when its time ends, in epoch seconds.
    """

    item: Item
    dao: Dao
    entity: Entity
    current: Stored | None
    expires: float | None

    @property
    def is_change(self) -> bool:
        """Whether anything would differ after it was written."""
        if self.current is None:
            return True
        if _differ_in_end(self.expires, self.current.expires):
            return True
        now = lasting(self.dao.schema, self.entity)
        before = self.current.entity
        return any(before.get(name) != value for name, value in now.items() if name not in STAMPS)


def _differ_in_end(new: float | None, old: float | None) -> bool:
    if new is None or old is None:
        return new is not old
    return abs(new - old) > _SAME_END


class Judge:
    """Judges entities one by one, those first that others refer to.

    :param database: the staged one.
    :param transform: whether passwords and the like are still to be brought into the form that is stored.
    """

    def __init__(self, database: Database, matching: Matching, *, transform: bool) -> None:
        self._database = database
        self._matching = matching
        self._context: WriteContext = database.write_context()
        self._transform = transform
        self._keys: dict[tuple[str, str], Item] = {}
        self._values: dict[tuple[str, str, str], Item] = {}
        self.problems: list[Problem] = []
        self.judged: list[Judged] = []

    async def judge(self, item: Item) -> None:
        """Find out what an entity is and judge it; whatever is wrong with it is kept."""
        found: dict[str, Any] = dict(await self._matching.resolve(item))
        primary = self._database[item.kind].schema.fields[self._database[item.kind].table.primary_key[0]]
        if item.key is None and primary.name not in item.written and primary.definition.get("uuid"):
            item.key = await self._matching.find_key(item)
            item.record[primary.name] = item.key
        self._matching.enter(item)
        if not found:
            found = await self._complete(item)
        if found:
            self.problems.append(item.problem(found))

    async def _complete(self, item: Item) -> dict[str, Any]:
        dao = self._database[item.kind]
        try:
            record, lifetime = take_ttl(dao.schema, item.record, None)
        except InvalidOptions as error:
            return dict(error.fields or {})
        current = None if item.key is None else await self._database.strategy.select(dao.table, item.key)
        record = _kept(dao.schema, record, current)
        context = replace(self._context, transforms=self._transforms(dao.schema, record, current))
        try:
            entity = dao.schema.process_upsert(record, context, None if current is None else current.entity)
        except SchemaViolation as error:
            return dict(error.fields or {})
        twice = self._already_declared(item, dao, entity)
        if twice is not None:
            self.problems.append(item.problem(twice))
            return {}
        self.judged.append(Judged(item, dao, entity, current, lifetime.from_now(context.now)))
        return {}

    def _transforms(self, schema: Schema, record: Mapping[str, Any], current: Stored | None) -> bool:
        """Whether fields are to be brought into another form: not if what is given is what is stored."""
        if not self._transform or current is None or not schema.transformed:
            return self._transform
        return any(record.get(name) != current.entity.get(name) for name in schema.transformed)

    def _already_declared(self, item: Item, dao: Dao, entity: Entity) -> str | None:
        """Kong's words for an entity that the document holds twice."""
        key = dao.table.key_of(entity)
        if self._keys.setdefault((item.kind, key), item) is not item:
            return _declared(item.kind, "primary key", key)
        for unique in dao.table.uniques:
            value = unique.value_of(entity)
            if value is None:
                continue
            name = ", ".join(unique.fields)
            if self._values.setdefault((item.kind, name, value), item) is not item:
                told = entity[name] if len(unique.fields) == 1 else value
                return _declared(item.kind, name, told)
        return None


def _declared(kind: str, what: str, value: Any) -> str:
    return f"uniqueness violation: '{kind}' entity with {what} set to '{value}' already declared"


def _kept(schema: Schema, record: Mapping[str, Any], current: Stored | None) -> Mapping[str, Any]:
    """A record with what was made for it by itself before: a key that was never given is not made anew."""
    if current is None:
        return record
    kept = {
        name: current.entity[name]
        for name, field in schema.fields.items()
        if field.auto and name not in record and current.entity.get(name) is not None
    }
    return {**kept, **record} if kept else record
