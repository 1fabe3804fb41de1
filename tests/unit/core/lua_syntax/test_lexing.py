from __future__ import annotations

from itertools import takewhile

import pytest

from twisted_kong.core.lua_syntax.lexing import END, NAME, NUMBER, STRING, NotLua, words


def read(chunk: str) -> list[tuple[str, str]]:
    """Kinds and texts of the words of a chunk."""
    return [(word.kind, word.text) for word in takewhile(lambda word: word.kind != END, words(chunk))]


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ("local x1", [("local", "local"), (NAME, "x1")]),
        ("a--b\nc", [(NAME, "a"), (NAME, "c")]),
        ("a--[[b\n]]c--[==[ ]] ]==]", [(NAME, "a"), (NAME, "c")]),
        ("a..1", [(NAME, "a"), ("..", ".."), (NUMBER, "1")]),
        ("...==::", [("...", "..."), ("==", "=="), ("::", "::")]),
        ("'a\\'b' \"\\z\n c\"", [(STRING, "'a\\'b'"), (STRING, '"\\z\n c"')]),
        ("[[a\nb]] [=[ ]] ]=]", [(STRING, "[[a\nb]]"), (STRING, "[=[ ]] ]=]")]),
        ("a[b]", [(NAME, "a"), ("[", "["), (NAME, "b"), ("]", "]")]),
        ("#!/bin/lua\nx", [(NAME, "x")]),
        ("ä", [(NAME, "ä")]),
        ("\x01", [("\x01", "char(1)")]),
        ("", []),
    ],
)
def test_words(chunk: str, expected: list[tuple[str, str]]) -> None:
    """Names, keywords, numbers, texts and signs; what is no sign of Lua's stands for itself."""
    assert read(chunk) == expected


@pytest.mark.parametrize(
    "number", ["0", "3.", ".5", "1e10", "1E-3", "0xFF", "0x.8p-3", "10ULL", "5ll", "3i", "0b101"]
)
def test_numbers(number: str) -> None:
    """Of Lua and of LuaJIT."""
    assert read(number) == [(NUMBER, number)]


@pytest.mark.parametrize(
    ("chunk", "text", "line"),
    [
        ("\n3x", "malformed number near '3x'", 2),
        ("1..2", "malformed number near '1..2'", 1),
        ("'a", "unfinished string near '<eof>'", 1),
        ('"a\nb"', "unfinished string near '\"a'", 1),
        ("'a\\q'", "invalid escape sequence near ''a'", 1),
        ("[[a\nb", "unfinished long string near '<eof>'", 2),
        ("--[[a", "unfinished long comment near '<eof>'", 1),
        ("[=a", "invalid long string delimiter near '[='", 1),
    ],
)
def test_what_is_no_word(chunk: str, text: str, line: int) -> None:
    """LuaJIT's texts, and its lines."""
    with pytest.raises(NotLua) as caught:
        read(chunk)
    assert (str(caught.value), caught.value.line) == (text, line)


def test_the_end_has_no_end() -> None:
    """However often it is asked for."""
    source = words("\n")
    assert [next(source) for _ in range(3)] == [(END, END, 2)] * 3
