"""Pieces of Lua in the configuration of plugins: whether they are any, with LuaJIT's texts."""

from __future__ import annotations

from twisted_kong.core.lua_syntax import syntax_error

# Characters, which take some 15 ms. Longer pieces are taken as they are: nothing may hold up the node.
LONGEST = 16_384


def not_lua(value: str) -> str | None:
    """What keeps a piece from being a chunk of Lua; ``None`` if nothing, or if it is too long to tell."""
    return None if len(value) > LONGEST else syntax_error(value)


def safe_lua_expression(value: str) -> str | None:
    """A chunk of Lua that makes the value of a field; Kong: one that ``untrusted_lua`` lets run."""
    found = not_lua(value)
    return None if found is None else f"Error parsing function: {found}"
