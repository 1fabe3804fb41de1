"""What post-function is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.checks.lua import not_lua
from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, LUA_CHUNKS, NOT_FOR_CONSUMERS


def lua_chunk_parses(value: str) -> str | None:
    """A chunk of Lua."""
    found = not_lua(value)
    return None if found is None else f"error parsing post-function: {found}"


SCHEMA: dict[str, Any] = {
    "name": "post-function",
    "priority": -1000,
    "version": "3.9.1",
    "phases": ["certificate", "rewrite", "access", "header_filter", "body_filter", "log"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "certificate": LUA_CHUNKS,
            "rewrite": LUA_CHUNKS,
            "access": LUA_CHUNKS,
            "header_filter": LUA_CHUNKS,
            "body_filter": LUA_CHUNKS,
            "log": LUA_CHUNKS,
        },
    },
    "entity_checks": [
        {
            "at_least_one_of": [
                "config.certificate",
                "config.rewrite",
                "config.access",
                "config.header_filter",
                "config.body_filter",
                "config.log",
            ]
        }
    ],
}

FUNCTIONS = {"lua_chunk_parses": lua_chunk_parses}
