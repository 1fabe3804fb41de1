"""Short ways to write down JSON Schemas of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
NUMBER: Json = {"type": "number"}
BOOLEAN: Json = {"type": "boolean"}
ANYTHING: Json = {}
OBJECT: Json = {"type": "object"}


def maybe(schema: Json) -> Json:
    """Null, or what a schema of one type says."""
    return {**schema, "type": [schema["type"], "null"]}


def record(**properties: Json) -> Json:
    """An object that has all of these members, and perhaps others."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def partly(properties: Mapping[str, Json], *required: str) -> Json:
    """An object that may have these members, of which some must be there."""
    shape: Json = {"type": "object", "properties": dict(properties)}
    return {**shape, "required": list(required)} if required else shape


def listed(element: Json) -> Json:
    """An array of such elements."""
    return {"type": "array", "items": element}


def mapped(value: Json) -> Json:
    """An object whose members, whatever they are called, are such values."""
    return {"type": "object", "additionalProperties": value}


def ref(name: str) -> Json:
    """A reference to a schema among the components."""
    return {"$ref": f"#/components/schemas/{name}"}
