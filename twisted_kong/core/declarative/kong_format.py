"""Entities as a document of Kong's own format, as ``kong config db_export`` writes it.

A list for each kind that has entities, those first that others refer to; of each entity all fields, unset
ones as null, and references as bare ids.
Passwords stand in it as they are stored, which ``_transform: false`` tells whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.yaml_writing import item_lines
from twisted_kong.core.schema.schema import Schema

_HEAD_LINES = ('_format_version: "3.0"', "_transform: false")


def head_lines() -> Iterator[str]:
    """How a document begins."""
    yield from _HEAD_LINES


def kind_line(kind: str) -> str:
    """What stands before the first entity of a kind."""
    return f"{kind}:"


def entity_lines(schema: Schema, entity: Entity) -> Iterator[str]:
    """One entity."""
    yield from item_lines(record_of(schema, entity))


def record_of(schema: Schema, entity: Entity) -> dict[str, Any]:
    """An entity as it stands in a document: fields in the order of the schema, references as ids."""
    record: dict[str, Any] = {}
    for name in schema.fields:
        if name not in schema.transient:
            value = entity.get(name)
            record[name] = value["id"] if name in schema.foreign and isinstance(value, dict) else value
    if schema.ttl and entity.get("ttl") is not None:
        record["ttl"] = entity["ttl"]
    return record
