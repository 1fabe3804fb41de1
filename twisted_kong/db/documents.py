"""Entities as the text that stores keep."""

from __future__ import annotations

import orjson

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import SchemaViolation


def encode(entity: Entity) -> bytes:
    """The text of an entity.

    A value that no JSON text can hold (an integer past 64 bits, half a surrogate pair) is the sender's
    mistake, so it is refused as one.
    """
    try:
        # Copied, since orjson's own holds on to the 4 KB that it was written in, and many are kept.
        return bytes(memoryview(orjson.dumps(entity)))
    except TypeError as error:
        reason = f"cannot be stored: {error}"
        raise SchemaViolation(f"schema violation ({reason})", {"@entity": [reason]}) from error


def decode(document: bytes | str) -> Entity:
    """The entity of a text that :func:`encode` made."""
    entity: Entity = orjson.loads(document)
    return entity
