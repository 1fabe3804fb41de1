from __future__ import annotations

from twisted_kong.core.schema.checks.lua import lua_chunk_parses, safe_lua_expression


def test_any_text_is_taken() -> None:
    """No node runs it, so none judges it."""
    for text in ("return 1", "syntax error here"):
        assert lua_chunk_parses(text) is None
        assert safe_lua_expression(text) is None
