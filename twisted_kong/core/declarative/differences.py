"""What a document would change, for people and scripts: per entity what differs, and no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.changes import Entity, Operation
from twisted_kong.core.declarative.kinds import STAMPS
from twisted_kong.core.schema.hiding import PROOFS, hidden, hidden_change
from twisted_kong.core.schema.schema import Schema


def difference(
    schema: Schema, operation: Operation, key: str, before: Entity | None, after: Entity | None
) -> dict[str, Any]:
    """One change: of an update the fields that differ, as they were and as they are; else what is set.

    Secrets are replaced; that one differs is seen all the same.
    """
    if before is not None and after is not None:
        # a Plugin may have become another, with other fields
        fields = {**schema.fields_for(after), **schema.fields_for(before)}
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        was, now = _parted(*hidden_change(fields, _only(before, names), _only(after, names)))
        states: tuple[Entity | None, Entity | None] = (was, now)
    else:
        states = _shown(schema, before), _shown(schema, after)
    return {
        "entity": schema.name,
        "operation": operation,
        "id": key,
        "name": name_of(schema, after or before or {}),
        "before": states[0],
        "after": states[1],
    }


def name_of(schema: Schema, entity: Mapping[str, Any]) -> str | None:
    """What people call an entity; None where it has no name, or one that is a secret."""
    for field in (schema.endpoint_key, "name", "group"):
        if field is None or field not in schema.fields or field in PROOFS:
            continue
        value = entity.get(field)
        if isinstance(value, str) and not schema.fields[field].definition.get("encrypted"):
            return value
    return None


def _only(entity: Entity, names: list[str]) -> Entity:
    return {name: entity[name] for name in names if name in entity and name not in STAMPS}


def _parted(before: Entity, after: Entity) -> tuple[Entity, Entity]:
    """Of records within two states of an entity, only the members that differ."""
    was, now = dict(before), dict(after)
    for name, value in before.items():
        other = after.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            names = [
                each for each in {**value, **other} if value.get(each) != other.get(each) or each not in other
            ]
            was[name], now[name] = _parted(
                {each: value[each] for each in names if each in value},
                {each: other[each] for each in names if each in other},
            )
    return was, now


def _shown(schema: Schema, entity: Entity | None) -> Entity | None:
    if entity is None:
        return None
    shown = hidden(schema.fields_for(entity), entity)
    return {name: value for name, value in shown.items() if value is not None and name not in STAMPS}


def summary(changes: list[dict[str, Any]]) -> dict[str, int]:
    """How many of each operation."""
    counts = {"create": 0, "update": 0, "delete": 0}
    for change in changes:
        counts[change["operation"]] += 1
    return counts
