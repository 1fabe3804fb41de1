from __future__ import annotations

import pytest

from twisted_kong.core.lua_syntax import syntax_error


@pytest.mark.parametrize(
    "chunk",
    [
        "",
        "return",
        "return 1;",
        "local a, b = 1, f()",
        "local function f() end",
        "function a.b.c:d(...) return end",
        "a, b.c, d[1] = 1, 2",
        "f() g{} h'x'",
        "if a then b() elseif c then else d() end",
        "while true do break end",
        "repeat local x = f() until x",
        "for i = 1, 10, 2 do end for k, v in pairs(t) do end",
        "do goto out; ::out:: end",
        "goto = 5",
        "; ;",
        'kong.response.exit(207, {a=1}, {["X-A"]="b"})',
    ],
)
def test_chunks(chunk: str) -> None:
    """Every kind of statement."""
    assert syntax_error(chunk) is None


@pytest.mark.parametrize(
    ("chunk", "text"),
    [
        ("syntax error here", "'=' expected near 'error'"),
        ("x", "'=' expected near '<eof>'"),
        ("x, f() = 1", "syntax error near '='"),
        ("(a) = 1", "syntax error near '='"),
        ("end", "'<eof>' expected near 'end'"),
        ("return 1 2", "'<eof>' expected near '2'"),
        ("local 1", "'<name>' expected near '1'"),
        ("local function a.b() end", "'(' expected near '.'"),
        ("for i", "'=' or 'in' expected near '<eof>'"),
        ("for i = 1 do end", "',' expected near 'do'"),
        ("for i = 1, 2, 3, 4 do end", "'do' expected near ','"),
        ("if x then", "'end' expected near '<eof>'"),
        ("::a:", "'::' expected near ':'"),
        ("$(bad", "unexpected symbol near '$'"),
    ],
)
def test_what_is_none(chunk: str, text: str) -> None:
    """LuaJIT's texts, behind the chunk and the line."""
    assert syntax_error(chunk) == f'[string "{chunk}"]:1: {text}'


def test_lines() -> None:
    """That of the word that does not fit, and that of what it should have closed."""
    assert syntax_error("if x\nthen\n\n") == (
        "[string \"if x...\"]:4: 'end' expected (to close 'if' at line 1) near '<eof>'"
    )


def test_a_long_chunk_is_named_by_its_beginning() -> None:
    """Forty-five characters of its first line."""
    assert syntax_error("a" * 80) == f"[string \"{'a' * 45}...\"]:1: '=' expected near '<eof>'"
    assert syntax_error("a" * 48) == f"[string \"{'a' * 48}\"]:1: '=' expected near '<eof>'"
