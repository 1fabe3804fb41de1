"""Entities in which secrets are not shown: fields marked ``encrypted``, and what proves who somebody is.

Kong's schemas have the keys and secrets of Consumers in the open, so these are known by the names of fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted_kong.core.schema.fields import Field, ListField, MapField
from twisted_kong.core.schema.record import RecordField
from twisted_kong.core.vaults import is_reference

MASK = "******"
CHANGED = f"{MASK} (changed)"

# Fields of entities themselves, not of what lies in them.
PROOFS = frozenset({"key", "secret", "code", "access_token", "refresh_token", "session_id"})

Show = Callable[[Any], Any]


def hidden(
    fields: Mapping[str, Field], record: Mapping[str, Any], show: Show = lambda _: MASK
) -> dict[str, Any]:
    """A copy of an entity in which each secret is replaced by what is shown for it.

    A reference to a secret is none, and neither is a null.
    """
    shown = _members(fields, record, show)
    for name in PROOFS & shown.keys():
        value = record[name]
        if isinstance(value, str) and not is_reference(value):
            shown[name] = show(value)
    return shown


def hidden_change(
    fields: Mapping[str, Field], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An entity as it was and as it is, both without secrets; one that is new is shown to be another."""
    known: list[Any] = []

    def note(value: Any) -> str:
        known.append(value)
        return MASK

    was = hidden(fields, before, note)
    return was, hidden(fields, after, lambda value: MASK if value in known else CHANGED)


def _members(fields: Mapping[str, Field], record: Mapping[str, Any], show: Show) -> dict[str, Any]:
    return {
        name: _value(fields[name], value, show) if name in fields else value for name, value in record.items()
    }


def _value(field: Field, value: Any, show: Show) -> Any:
    if value is None or is_reference(value):
        return value
    if field.definition.get("encrypted"):
        return show(value)
    if isinstance(field, RecordField) and isinstance(value, dict):
        return _members(field.record.fields, value, show)
    if isinstance(field, ListField) and isinstance(value, list):
        return [_value(field.elements, element, show) for element in value]
    if isinstance(field, MapField) and isinstance(value, dict):
        return {key: _value(field.values, member, show) for key, member in value.items()}
    return value
