"""A handful of small kinds of entity that have between them every relation a store must serve.

They bear Kong's names but only the fields that matter here, so tests of stores neither break nor slow down
with the real kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from twisted_kong.core.schema.schema import OnDelete, Schema

ID = {"type": "string", "uuid": True, "auto": True}
CREATED = {"type": "integer", "timestamp": True, "auto": True}
TAGS = {"type": "set", "elements": {"type": "string", "required": True}}
NAME = {"type": "string", "unique": True}


def _refers(reference: str, on_delete: str | None = None, **rest: Any) -> dict[str, Any]:
    cascade = {} if on_delete is None else {"on_delete": on_delete}
    return {"type": "foreign", "reference": reference, **cascade, **rest}


def _kind(name: str, fields: dict[str, Any], **rest: Any) -> dict[str, Any]:
    full = {"id": ID, "created_at": CREATED, **fields}
    return {"name": name, "primary_key": ["id"], "workspaceable": True, "fields": full, **rest}


DEFINITIONS = (
    _kind("workspaces", {"name": NAME}, endpoint_key="name"),
    _kind("services", {"name": NAME, "port": {"type": "integer"}, "tags": TAGS}, endpoint_key="name"),
    _kind(
        "routes",
        {
            "name": NAME,
            "service": _refers("services"),
            "options": {"type": "record", "fields": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
            "tags": TAGS,
        },
        endpoint_key="name",
    ),
    _kind(
        "consumers",
        {"username": NAME, "custom_id": NAME, "tags": TAGS},
        endpoint_key="username",
    ),
    _kind(
        "plugins",
        {
            "name": {"type": "string", "required": True},
            "instance_name": NAME,
            "route": _refers("routes", "cascade"),
            "service": _refers("services", "cascade"),
            "consumer": _refers("consumers", "cascade"),
        },
        cache_key=["name", "route", "service", "consumer"],
        endpoint_key="instance_name",
    ),
    _kind(
        "keyauth_credentials",
        {
            "consumer": _refers("consumers", "cascade", required=True),
            "key": {"type": "string", "unique": True, "auto": True},
            "tags": TAGS,
        },
        cache_key=["key"],
        endpoint_key="key",
        ttl=True,
    ),
    _kind(
        "grants",
        {"credential": _refers("keyauth_credentials", "cascade", required=True)},
    ),
    {
        "name": "counters",
        "primary_key": ["identifier", "period"],
        "ttl": True,
        "fields": {
            "identifier": {"type": "string", "required": True},
            "period": {"type": "string", "required": True},
            "value": {"type": "integer"},
        },
    },
)


class SmallKinds:
    """The registry of the small kinds, in the form that the data layer asks for.

    :param added: fields that a later version has, by kind.
    """

    def __init__(self, added: Mapping[str, dict[str, Any]] | None = None) -> None:
        self._schemas = {
            each["name"]: Schema(
                {**each, "fields": {**each["fields"], **(added or {}).get(each["name"], {})}}, {}
            )
            for each in DEFINITIONS
        }

    def __getitem__(self, name: str) -> Schema:
        return self._schemas[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._schemas)

    def children(self, name: str) -> list[tuple[Schema, str, OnDelete]]:
        """Who refers to a kind."""
        return [
            (schema, field, foreign.on_delete)
            for schema in self._schemas.values()
            for field, foreign in schema.foreign.items()
            if foreign.reference == name
        ]
