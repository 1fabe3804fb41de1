"""Trees of what is wrong with a record, and the sentence that sums one up.

A tree mirrors the record: a text for a field, a mapping for a record, a list for elements (``None`` where
an element is good).  What concerns the entity as a whole is a list of texts under ``@entity``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.lua_table import pretty

ENTITY = "@entity"

# A text, or a tree of them.
Violation = str | list[Any] | dict[str, Any]
Violations = dict[str, Any]


def schema_violation(violations: Violations) -> SchemaViolation:
    """The error that the Admin API answers for a tree, with Kong's summary of it."""
    return SchemaViolation(summary(violations), violations)


def summary(violations: Mapping[str, Any]) -> str:
    """Kong's sentence: entity checks first, then the fields by name, two levels spelled out."""
    parts = [str(text) for text in violations.get(ENTITY, ())]
    for name in sorted(name for name in violations if name != ENTITY):
        parts += _field_parts(name, violations[name])
    if len(parts) == 1:
        return f"schema violation ({parts[0]})"
    return f"{len(parts)} schema violations ({'; '.join(parts)})"


def _field_parts(name: str, found: Violation) -> list[str]:
    if isinstance(found, str):
        return [f"{name}: {found}"]
    return [f"{name}.{key}: {_text(value)}" for key, value in _members(found)]


def _members(found: list[Any] | dict[str, Any]) -> list[tuple[str, Any]]:
    if isinstance(found, dict):
        return sorted(found.items())
    return [(str(place), value) for place, value in enumerate(found, 1) if value is not None]


def _text(value: Violation) -> str:
    return value if isinstance(value, str) else pretty(value)


def add_entity_violation(violations: Violations, text: str) -> None:
    """Note what is wrong with the record as a whole."""
    texts = violations.get(ENTITY)
    # An unknown member may be named just like this; what the checks say counts more.
    violations[ENTITY] = [*texts, text] if isinstance(texts, list) else [text]


def get_path(record: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of member names; ``None`` where any step is missing."""
    for name in path:
        if not isinstance(record, Mapping):
            return None
        record = record.get(name)
    return record


def has_path(record: Any, path: tuple[str, ...]) -> bool:
    """Whether a path is there at all, be its value null or not."""
    for name in path:
        if not isinstance(record, Mapping) or name not in record:
            return False
        record = record[name]
    return True


def set_path(record: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path, making the records on the way and replacing what is none."""
    for name in path[:-1]:
        below = record.get(name)
        if not isinstance(below, dict):
            below = record[name] = {}
        record = below
    record[path[-1]] = value
