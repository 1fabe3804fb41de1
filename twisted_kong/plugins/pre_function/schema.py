"""What pre-function is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.checks.lua import not_lua
from twisted_kong.core.schema.plugin_typedefs import (
    ANY_PROTOCOL,
    LUA_BY_PHASE,
    LUA_PHASES,
    NOT_FOR_CONSUMERS,
    SOME_LUA,
)


def lua_chunk_parses(value: str) -> str | None:
    """A chunk of Lua."""
    found = not_lua(value)
    return None if found is None else f"error parsing pre-function: {found}"


SCHEMA: dict[str, Any] = {
    "name": "pre-function",
    "priority": 1000000,
    "version": "3.9.1",
    "phases": LUA_PHASES,
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": ANY_PROTOCOL,
    "config": LUA_BY_PHASE,
    "entity_checks": [SOME_LUA],
}

FUNCTIONS = {"lua_chunk_parses": lua_chunk_parses}
