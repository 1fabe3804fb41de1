"""What a strategy must know of a kind of entity, derived from its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from twisted_kong.core.changes import Entity

OnDelete = Literal["cascade", "restrict"]
Complete = Callable[[Entity], Entity]
StaleKeys = Callable[[Entity | None, Entity | None], tuple[str, ...]]


def _scalar(value: Any) -> Any:
    """A field's value as it takes part in a constraint: of a reference only what it refers to."""
    if isinstance(value, Mapping):
        return value["id"] if set(value) == {"id"} else dict(value)
    return value


@dataclass(frozen=True, slots=True)
class Unique:
    """Fields whose values no two entities of a table may share."""

    fields: tuple[str, ...]

    def value_of(self, entity: Mapping[str, Any]) -> str | None:
        """The values as one text, or None where the constraint does not bind.

        A single field that is null binds nothing; among several a null is a value like any other.
        Kong: ``cache_key`` is such a text in a unique column.
        """
        values = [_scalar(entity.get(field)) for field in self.fields]
        if values == [None]:
            return None
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that refers to an entity of a parent table, always by its ``id``."""

    field: str
    parent: str

    def parent_of(self, entity: Mapping[str, Any]) -> str | None:
        """The key of what an entity refers to, None where the field is unset."""
        value = entity.get(self.field)
        return None if value is None else str(value["id"])


@dataclass(frozen=True, slots=True)
class Child:
    """A table whose entities refer to this one, and what becomes of them when it goes."""

    table: str
    field: str
    on_delete: OnDelete


def as_it_is(entity: Entity) -> Entity:
    """An entity that needs no completion."""
    return entity


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of entity as a strategy sees it.

    ``uniques`` stand in the order in which a violation is to be reported.
    ``stale_keys`` gives the cache keys that a write makes stale, from the entity as it is and as it was.
    ``version`` differs when the kind's definition does; ``complete`` gives an entity of another version the
    fields that it lacks in this one.
    """

    name: str
    primary_key: tuple[str, ...]
    uniques: tuple[Unique, ...]
    references: tuple[Reference, ...]
    children: tuple[Child, ...]
    stale_keys: StaleKeys
    version: str = ""
    complete: Complete = as_it_is

    def key_of(self, entity: Mapping[str, Any]) -> str:
        """The primary key of an entity, or of a reference to one, as one text."""
        if len(self.primary_key) == 1:
            return str(entity[self.primary_key[0]])
        return orjson.dumps([entity[field] for field in self.primary_key]).decode()

    def primary_key_of(self, entity: Mapping[str, Any]) -> dict[str, Any]:
        """The primary key of an entity as errors show it."""
        return {field: entity[field] for field in self.primary_key}

    def unique_on(self, *fields: str) -> Unique:
        """The constraint on a field, or on several together; KeyError where there is none."""
        for unique in self.uniques:
            if unique.fields == fields:
                return unique
        raise KeyError(f"{self.name}.{', '.join(fields)} is not unique")


def tags_of(entity: Entity) -> list[str]:
    """The tags of an entity, in their order and without repetition."""
    return list(dict.fromkeys(entity.get("tags") or ()))
