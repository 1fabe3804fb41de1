"""What the data layer asks of schemas, and how tables follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from twisted_kong.core.changes import Entity
from twisted_kong.db.tables import Child, OnDelete, Reference, Table, Unique


class IForeign(Protocol):
    """A field that refers to an entity of another kind."""

    @property
    def reference(self) -> str:
        """The kind referred to."""

    @property
    def on_delete(self) -> OnDelete:
        """What becomes of this entity when the other goes."""


class IWriteContext(Protocol):
    """The moment of a write, for defaults and auto fields."""

    @property
    def now(self) -> float:
        """Epoch seconds."""


class ISchema(Protocol):
    """One kind of entity: its keys, its fields, and how records of it are processed."""

    name: str
    primary_key: tuple[str, ...]
    endpoint_key: str | None
    cache_key: tuple[str, ...]
    ttl: bool
    unique: tuple[str, ...]

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields by name."""

    @property
    def foreign(self) -> Mapping[str, IForeign]:
        """The fields that refer to other kinds."""

    def process_insert(self, record: Mapping[str, Any], context: Any) -> Entity:
        """A new entity from a record."""

    def process_update(self, changes: Mapping[str, Any], current: Entity, context: Any) -> Entity:
        """An entity with changes merged into it."""

    def process_upsert(
        self, record: Mapping[str, Any], context: Any, current: Entity | None = None
    ) -> Entity:
        """An entity replaced by a full record."""

    def validate_primary_key(self, value: Any) -> None:
        """Raise InvalidPrimaryKey unless this can be one."""

    def validate_unique(self, field: str, value: Any) -> None:
        """Raise InvalidUnique unless this can be a value of the field."""


class ISchemas(Protocol):
    """All kinds of entities that a node knows."""

    def __getitem__(self, name: str) -> ISchema: ...

    def __iter__(self) -> Iterator[str]: ...

    def children(self, name: str) -> Sequence[tuple[ISchema, str, OnDelete]]:
        """The kinds that refer to one, by which field, and what becomes of them."""


# Cache keys that a write makes stale: of the kind, from the entity as it is and as it was.
ChangeKeys = Callable[[ISchema, Entity | None, Entity | None], tuple[str, ...]]

# Kinds that are views of others and have no rows of their own.
VIEWS = frozenset({"tags"})


def tables_of(schemas: ISchemas, change_keys: ChangeKeys) -> dict[str, Table]:
    """The tables of all kinds that have rows."""
    return {name: _table_of(schemas[name], schemas, change_keys) for name in schemas if name not in VIEWS}


def _table_of(schema: ISchema, schemas: ISchemas, change_keys: ChangeKeys) -> Table:
    def stale_keys(new: Entity | None, old: Entity | None) -> tuple[str, ...]:
        return change_keys(schema, new, old)

    return Table(
        name=schema.name,
        primary_key=schema.primary_key,
        uniques=_uniques_of(schema),
        references=tuple(Reference(field, foreign.reference) for field, foreign in schema.foreign.items()),
        children=tuple(Child(child.name, field, how) for child, field, how in schemas.children(schema.name)),
        stale_keys=stale_keys,
    )


def _uniques_of(schema: ISchema) -> tuple[Unique, ...]:
    """The constraints in the order of refusals: single fields, then the composite key.

    The primary key is no constraint of its own, even where the schema marks its field as unique.
    """
    single = [Unique((field,)) for field in schema.unique if (field,) != schema.primary_key]
    composite = [Unique(schema.cache_key)] if len(schema.cache_key) > 1 else []
    return tuple(single + composite)


@dataclass(frozen=True, slots=True)
class WriteContext:
    """The moment of a write, for defaults and auto fields."""

    now: float
    new_uuid: Callable[[], str]
    new_token: Callable[[], str]
    workspace: str


def change_keys(
    schema: ISchema, new: Entity | None, old: Entity | None, workspace: str
) -> tuple[str, ...]:
    """The cache keys by primary key."""
    out = []
    for e in (new, old):
        if e is not None:
            out.append(f"{schema.name}:{e['id']}:::::{workspace}")
    return tuple(dict.fromkeys(out))
