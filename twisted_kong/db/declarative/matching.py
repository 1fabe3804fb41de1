"""Which stored entity is meant by one of a document, and what its references lead to.

What a document says itself counts first: a name in it is that of its own entity, and only what it does not
hold is looked for in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.identities import identifying, identity, of_content
from twisted_kong.core.declarative.items import Item
from twisted_kong.core.errors import InvalidUnique, SchemaViolation
from twisted_kong.core.schema.schema import Schema
from twisted_kong.core.schema.validators import is_uuid
from twisted_kong.db.dao import Dao
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.scanning import all_rows
from twisted_kong.db.tables import Table

# Kinds without a name, which are known again by what they certify.
CONTENT = {"certificates": "cert", "ca_certificates": "cert"}


class Matching:
    """Looks up what a document's entities are.

    :param database: the staged one.
    :param is_surplus: whether a stored entity is about to be removed, so that nothing may lead to it.
    """

    def __init__(self, database: Database, is_surplus: Callable[[str, Entity], bool]) -> None:
        self._database = database
        self._is_surplus = is_surplus
        self._by_id: dict[tuple[str, str], Item] = {}
        self._by_name: dict[tuple[str, str], Item] = {}
        self._contents: dict[str, dict[str, str]] = {}
        self._alike: dict[str, int] = {}

    def enter(self, item: Item) -> None:
        """Make an entity known, whose key was found, to those that refer to it."""
        if item.key is not None:
            self._by_id.setdefault((item.kind, item.key), item)
        name = item.record.get(self._schema(item.kind).endpoint_key or "")
        if isinstance(name, str):
            self._by_name.setdefault((item.kind, name), item)

    async def resolve(self, item: Item) -> dict[str, str]:
        """Replace an entity's references by primary keys; what is wrong with them, by field."""
        found: dict[str, str] = {}
        for field, foreign in self._schema(item.kind).foreign.items():
            wrong = await self._resolve_field(item, field, foreign.reference)
            if wrong is not None:
                found[field] = wrong
        return found

    async def find_key(self, item: Item) -> str:
        """The primary key of an entity that was given none: of the stored one that it is, else a new one."""
        schema = self._schema(item.kind)
        record = _normal(schema, item.record)
        stored = await self._stored(item.kind, record)
        if stored is not None:
            return stored
        references = {field: _id_of(item.record.get(field)) for field in schema.foreign}
        known = identifying(schema, record, references)
        if known is not None:
            return identity(schema.name, known)
        key = of_content(schema, item.record, references, 0)
        count = self._alike[key] = self._alike.get(key, -1) + 1
        return key if count == 0 else of_content(schema, item.record, references, count)

    async def _resolve_field(self, item: Item, field: str, kind: str) -> str | None:
        value = item.record.get(field)
        nested_in = item.parent[1] if item.parent is not None and item.parent[0] == field else None
        if value is None and nested_in is None:
            return None
        key = None if value is None else await self._key_of(kind, value)
        if nested_in is None:
            if key is None:
                return _dangling(field, value, kind)
        elif value is not None and key != nested_in.key:
            return f"it is nested in one of the '{kind}', but refers to another"
        else:
            key = nested_in.key
        item.record[field] = {"id": key}
        return None

    async def _key_of(self, kind: str, reference: Any) -> str | None:
        """What a reference leads to: an id or a name, bare or as a member."""
        schema = self._schema(kind)
        if isinstance(reference, Mapping):
            names = ("id", schema.endpoint_key or "", *schema.unique)
            reference = next((reference[name] for name in names if reference.get(name) is not None), None)
        if not isinstance(reference, str):
            return None
        for item in (self._by_name.get((kind, reference)), self._by_id.get((kind, reference))):
            if item is not None:
                return item.key
        return await self._stored_key(kind, reference)

    async def _stored_key(self, kind: str, reference: str) -> str | None:
        dao = self._dao(kind)
        if is_uuid(reference):
            stored = await self._database.strategy.select(dao.table, reference)
        elif dao.schema.endpoint_key is None or dao.schema.endpoint_key not in dao.schema.unique:
            return None
        else:
            stored = await self._holder(dao, (dao.schema.endpoint_key,), {dao.schema.endpoint_key: reference})
        if stored is None or self._is_surplus(kind, stored.entity):
            return None
        return dao.table.key_of(stored.entity)

    async def _stored(self, kind: str, record: Mapping[str, Any]) -> str | None:
        """The key of the stored entity that a record without an id is meant for."""
        dao = self._dao(kind)
        if kind in CONTENT:
            return await self._of_content(dao, record.get(CONTENT[kind]))
        name = dao.schema.endpoint_key
        if name is not None and name in dao.schema.unique and isinstance(record.get(name), str):
            stored = await self._holder(dao, (name,), record)
            if stored is not None:
                return dao.table.key_of(stored.entity)
        fields = dao.schema.cache_key
        if len(fields) > 1 and all(
            record.get(field) is not None for field in fields if _must(dao.schema, field)
        ):
            stored = await self._holder(dao, fields, record)
            if stored is not None:
                return dao.table.key_of(stored.entity)
        return None

    async def _holder(self, dao: Dao, fields: tuple[str, ...], record: Mapping[str, Any]) -> Stored | None:
        try:
            unique = dao.table.unique_on(*fields)
            for field in fields:
                if record.get(field) is not None and field not in dao.schema.foreign:
                    dao.schema.validate_unique(field, record[field])
            value = unique.value_of(record)
        except (InvalidUnique, KeyError, TypeError):
            # the schema will say what is wrong with it
            return None
        return None if value is None else await self._database.strategy.select_by(dao.table, unique, value)

    async def _of_content(self, dao: Dao, content: Any) -> str | None:
        if not isinstance(content, str):
            return None
        if dao.schema.name not in self._contents:
            self._contents[dao.schema.name] = await self._index(dao.table, CONTENT[dao.schema.name])
        return self._contents[dao.schema.name].get(content.strip())

    async def _index(self, table: Table, field: str) -> dict[str, str]:
        index: dict[str, str] = {}
        async for row in all_rows(self._database.strategy, table):
            index.setdefault(str(row.entity[field]).strip(), table.key_of(row.entity))
        return index

    def _dao(self, kind: str) -> Dao:
        return self._database[kind]

    def _schema(self, kind: str) -> Schema:
        return self._database[kind].schema


def _normal(schema: Schema, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record as it would be stored, as far as keys are concerned: a Target has its port."""
    try:
        return schema.prepared(record)
    except SchemaViolation:
        return record


def _must(schema: Schema, field: str) -> bool:
    return schema.fields[field].required


def _id_of(reference: Any) -> str | None:
    return reference.get("id") if isinstance(reference, Mapping) else None


def _dangling(field: str, value: Any, kind: str) -> str:
    """Kong: these words."""
    told = (
        value
        if isinstance(value, str)
        else next(iter(value.values()), value)
        if isinstance(value, Mapping)
        else value
    )
    return f"invalid reference '{field}: {told}' (no such entry in '{kind}')"
