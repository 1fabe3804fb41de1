from __future__ import annotations

from twisted_kong.core.schema.checks.lua import LONGEST, not_lua, safe_lua_expression


def test_what_is_no_lua_is_told() -> None:
    """In LuaJIT's words, which name the text and the line."""
    text = "[string \"syntax error here\"]:1: '=' expected near 'error'"
    assert not_lua("syntax error here") == text
    assert safe_lua_expression("syntax error here") == f"Error parsing function: {text}"
    assert safe_lua_expression("return 1") is None


def test_what_is_too_long_to_judge_is_taken() -> None:
    """A node has other things to do."""
    assert not_lua("x" * LONGEST) is not None
    assert not_lua("x" * (LONGEST + 1)) is None
