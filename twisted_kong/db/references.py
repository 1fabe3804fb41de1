"""References by name, such as ``{"service": {"name": "x"}}``, resolved before a record is processed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import InvalidUnique
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.tables import Table
from twisted_kong.db.violations import unresolved, unresolved_reason


class IParent(Protocol):
    """What is asked of the DAO of a referenced kind."""

    schema: Schema
    table: Table

    async def select_by(self, field: str, value: Any) -> Entity | None:
        """The entity with a value in a unique field."""


async def resolve_references(
    schema: Schema, record: Mapping[str, Any], parents: Mapping[str, IParent]
) -> Mapping[str, Any]:
    """The record with references by a unique field replaced by references by primary key.

    Anything that is no such reference is left for the schema to judge.  ForeignKeysUnresolved names every
    one that leads nowhere.
    """
    resolved: dict[str, Any] = {}
    errors: dict[str, dict[str, str]] = {}
    for field, foreign in schema.foreign.items():
        parent = parents.get(foreign.reference)
        name = None if parent is None else _name_in(record.get(field), parent)
        if parent is None or name is None:
            continue
        value = record[field][name]
        entity = await parent.select_by(name, value)
        if entity is None:
            errors[field] = {name: unresolved_reason(name, value, foreign.reference)}
        else:
            resolved[field] = parent.table.primary_key_of(entity)
    if errors:
        raise unresolved(errors)
    return {**record, **resolved} if resolved else record


def _name_in(reference: Any, parent: IParent) -> str | None:
    """The unique field by which something refers to a parent; None for any other way."""
    if not isinstance(reference, Mapping) or any(
        reference.get(key) is not None for key in parent.table.primary_key
    ):
        return None
    names = (parent.schema.endpoint_key, *parent.schema.unique)
    return next(
        (name for name in names if name is not None and _can_be(reference.get(name), name, parent)), None
    )


def _can_be(value: Any, name: str, parent: IParent) -> bool:
    """Whether something can be the value of a unique field."""
    try:
        parent.schema.validate_unique(name, value)
    except InvalidUnique:
        return False
    return True
