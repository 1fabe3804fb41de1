"""Which fields hold secrets, so that what is not the entity itself must not show their values."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.schema import Schema

# Whoever has it is in, although Kong's schemas do not say so.
_BEARER = frozenset({("sessions", "session_id")})


def is_secret(kind: str, name: str, definition: Any) -> bool:
    """Whether a field's value is a secret: one to be encrypted, or one that is made up when it is not given.

    Kong: ``encrypted`` marks a part of them only; a key of 32 random characters opens doors, too.
    """
    made_up = definition["type"] == "string" and definition.get("auto") and not definition.get("uuid")
    return bool(definition.get("encrypted") or made_up) or (kind, name) in _BEARER


def has_secret_name(schema: Schema) -> bool:
    """Whether the value by which paths name an entity of a kind is a secret."""
    key = schema.endpoint_key
    return key is not None and is_secret(schema.name, key, schema.fields[key].definition)


def has_secret_cache_key(schema: Schema) -> bool:
    """Whether a part of a kind's cache keys is a secret."""
    return any(is_secret(schema.name, key, schema.fields[key].definition) for key in schema.cache_key)
