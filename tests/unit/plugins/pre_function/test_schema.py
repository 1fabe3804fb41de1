from __future__ import annotations

from twisted_kong.plugins.pre_function.schema import lua_chunk_parses


def test_a_piece_must_be_lua() -> None:
    """Whatever it would do."""
    assert lua_chunk_parses("return 1") is None
    text = "error parsing pre-function: [string \"x\"]:1: '=' expected near '<eof>'"
    assert lua_chunk_parses("x") == text
