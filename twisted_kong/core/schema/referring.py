"""Rows whose fields refer to secrets: the same with the secrets in place of the references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted_kong.core.schema.fields import Field, ListField, MapField
from twisted_kong.core.schema.record import RecordField
from twisted_kong.core.vaults import is_reference

Resolve = Callable[[str], str]


def resolved(fields: Mapping[str, Field], record: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    """A copy of a record with each reference replaced, in fields marked ``referenceable`` at any depth.

    Elsewhere a text that looks like a reference is just a text.
    """
    return {
        name: _value(fields[name], value, resolve) if name in fields else value
        for name, value in record.items()
    }


def references(fields: Mapping[str, Field], record: Mapping[str, Any]) -> set[str]:
    """All that a record refers to."""
    found: set[str] = set()

    def note(reference: str) -> str:
        found.add(reference)
        return reference

    if any(field.may_refer for field in fields.values()):
        resolved(fields, record, note)
    return found


def _value(field: Field, value: Any, resolve: Resolve) -> Any:
    if not field.may_refer or value is None:
        return value
    if field.referenceable:
        return resolve(value) if is_reference(value) else value
    if isinstance(field, RecordField) and isinstance(value, dict):
        return resolved(field.record.fields, value, resolve)
    if isinstance(field, ListField) and isinstance(value, list):
        return [_value(field.elements, element, resolve) for element in value]
    if isinstance(field, MapField) and isinstance(value, dict):
        return {key: _value(field.values, member, resolve) for key, member in value.items()}
    return value
