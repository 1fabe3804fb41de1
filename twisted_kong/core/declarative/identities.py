"""The ids that Kong gives to entities of a document that have none: the same text gives the same ids.

They are UUIDs of version 5: of the kind's name in a name space of Kong's, and in that of what identifies the
entity, its name or what its cache key is made of.
Kong makes chance ids for entities that nothing identifies; here they are made of all that is written of the
entity, so that the same document imported twice is the same entities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from twisted_kong.core.schema.schema import Schema

_ROOT = UUID("fd02801f-0957-4a15-a55a-c8d9606f30b5")


@lru_cache(maxsize=256)
def _space(kind: str) -> UUID:
    return uuid5(_ROOT, kind)


def identity(kind: str, key: str) -> str:
    """The id of an entity of a kind that something identifies."""
    return str(uuid5(_space(kind), key))


def identifying(
    schema: Schema, record: Mapping[str, Any], references: Mapping[str, str | None]
) -> str | None:
    """What identifies an entity that has no id; None where nothing does.

    :param references: what stands for each reference that is set: the id of the entity that it is nested in,
        else what the document names it by.
    """
    name = None if schema.endpoint_key is None else record.get(schema.endpoint_key)
    if isinstance(name, str):
        if schema.endpoint_key in schema.unique:
            return name
        # Kong: such a name is taken to be unique beneath what the entity goes with, as a Target's is
        return ":".join([name, *(str(references.get(field)) for field in _owners(schema))])
    return _cache_key(schema, record, references)


def _owners(schema: Schema) -> list[str]:
    return [field for field, foreign in schema.foreign.items() if foreign.on_delete == "cascade"]


def _cache_key(schema: Schema, record: Mapping[str, Any], references: Mapping[str, str | None]) -> str | None:
    if not schema.cache_key:
        return None
    parts = [schema.name]
    for field in schema.cache_key:
        value = references.get(field) if field in schema.foreign else record.get(field)
        definition = schema.fields[field]
        if isinstance(value, str):
            parts.append(value)
        elif value is not None or definition.auto or definition.required:
            return None
        else:
            parts.append("")
    return ":".join(parts)


def of_content(
    schema: Schema, record: Mapping[str, Any], references: Mapping[str, str | None], count: int
) -> str:
    """The id of an entity that nothing identifies.

    :param count: how many equal ones came before it in the document.
    """
    # By the standard library: it writes integers of any size, and what is wrong is to be judged later.
    text = json.dumps(
        [record, {field: value for field, value in references.items() if value is not None}, count],
        sort_keys=True,
        default=str,
    )
    return identity(schema.name, text)
