from __future__ import annotations

import pytest

from twisted_kong.core.lua_syntax import syntax_error


def judged(expression: str) -> str | None:
    """What is wrong with an expression."""
    found = syntax_error(f"return {expression}")
    return None if found is None else found.partition("]:1: ")[2]


@pytest.mark.parametrize(
    "expression",
    [
        "1 + -2 ^ not #x .. 'a' <= nil",
        "a.b['c'][1]:d(1, 2):e'x':f{}()",
        "('x'):rep(3)",
        "{1, 2; x = 3, ['y'] = 4, z, [[q]],}",
        "{}",
        "function(a, b, ...) return ..., 1 end",
        "function() end, ...",
        "(((1)))",
    ],
)
def test_expressions(expression: str) -> None:
    """All kinds of them, also one within another."""
    assert judged(expression) is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1 +", "unexpected symbol near '<eof>'"),
        ("@", "unexpected symbol near '@'"),
        ("(1", "')' expected near '<eof>'"),
        ("f(1 2)", "')' expected near '2'"),
        ("a.1", "'<eof>' expected near '.1'"),
        ("a.", "'<name>' expected near '<eof>'"),
        ("a:b", "function arguments expected near '<eof>'"),
        ("a[1", "']' expected near '<eof>'"),
        ("{1, 2", "'}' expected near '<eof>'"),
        ("{,}", "unexpected symbol near ','"),
        ("{[1]}", "'=' expected near '}'"),
        ("function end", "'(' expected near 'end'"),
        ("function(a,) end", "<name> or '...' expected near ')'"),
        ("function(..., a) end", "')' expected near ','"),
        ("function() return ... end", "cannot use '...' outside a vararg function near '...'"),
        ("function()", "'end' expected near '<eof>'"),
    ],
)
def test_what_is_none(expression: str, text: str) -> None:
    """LuaJIT's texts."""
    assert judged(expression) == text


def test_how_deep_one_may_go() -> None:
    """As deep as nobody does; no deeper, for there is an end to the stack."""
    for opening, closing in (("(", ")"), ("{", "}"), ("function() return ", " end")):
        depth = 45
        assert judged(opening * depth + "1" + closing * depth) is None
        assert "chunk has too many syntax levels" in (judged(opening * 5000) or "")
