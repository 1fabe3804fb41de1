"""What the data layer asks of schemas, and how tables follow from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Protocol

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.tables import Child, OnDelete, Reference, Table, Unique


class ISchemas(Protocol):
    """All kinds of entities that a node knows."""

    def __getitem__(self, name: str) -> Schema: ...

    def __iter__(self) -> Iterator[str]: ...

    def children(self, name: str) -> Sequence[tuple[Schema, str, OnDelete]]:
        """The kinds that refer to one, by which field, and what becomes of them."""


# Cache keys that a write makes stale: of the kind, from the entity as it is and as it was.
ChangeKeys = Callable[[Schema, Entity | None, Entity | None], tuple[str, ...]]

# Kinds that are views of others and have no rows of their own.
VIEWS = frozenset({"tags"})


def tables_of(
    schemas: ISchemas, change_keys: ChangeKeys, context: Callable[[], WriteContext]
) -> dict[str, Table]:
    """The tables of all kinds that have rows."""
    return {
        name: _table_of(schemas[name], schemas, change_keys, context) for name in schemas if name not in VIEWS
    }


def lasting(schema: Schema, entity: Entity) -> Entity:
    """What of an entity is stored: all but the fields that only pass through."""
    if not schema.transient:
        return entity
    return {field: value for field, value in entity.items() if field not in schema.transient}


def _table_of(
    schema: Schema, schemas: ISchemas, change_keys: ChangeKeys, context: Callable[[], WriteContext]
) -> Table:
    def stale_keys(new: Entity | None, old: Entity | None) -> tuple[str, ...]:
        return change_keys(schema, new, old)

    def complete(entity: Entity) -> Entity:
        return lasting(schema, schema.complete(entity, context()))

    return Table(
        name=schema.name,
        primary_key=schema.primary_key,
        uniques=_uniques_of(schema),
        references=tuple(Reference(field, foreign.reference) for field, foreign in schema.foreign.items()),
        children=tuple(Child(child.name, field, how) for child, field, how in schemas.children(schema.name)),
        stale_keys=stale_keys,
        version=_version_of(schema),
        complete=complete,
    )


def _version_of(schema: Schema) -> str:
    """A short text that differs when anything in the definitions of a kind does."""
    text = json.dumps(schema.definitions, sort_keys=True, default=repr)
    return sha256(text.encode()).hexdigest()[:16]


def _uniques_of(schema: Schema) -> tuple[Unique, ...]:
    """The constraints in the order of refusals: single fields, then the composite key.

    The primary key is no constraint of its own, even where the schema marks its field as unique.
    """
    single = [Unique((field,)) for field in schema.unique if (field,) != schema.primary_key]
    composite = [Unique(schema.cache_key)] if len(schema.cache_key) > 1 else []
    return tuple(single + composite)
