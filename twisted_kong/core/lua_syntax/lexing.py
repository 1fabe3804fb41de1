"""Cuts Lua into its words, as LuaJIT does: names, numbers, texts and signs, without blanks and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

NAME, NUMBER, STRING, END = "<name>", "<number>", "<string>", "<eof>"
KEYWORDS = frozenset(
    {
        *("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local"),
        *("nil", "not", "or", "repeat", "return", "then", "true", "until", "while"),
    }
)

_BLANK = re.compile(r"(?:[ \t\r\n\f\v]+|--(?!\[=*\[)[^\r\n]*)+")
_LONG = re.compile(r"(--)?\[(=*)\[")
_WORD = re.compile(r"[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*", re.ASCII)
_NUMBERLIKE = re.compile(r"\.?[0-9](?:[eEpP][-+]|[\w.])*", re.ASCII)
_NUMBER = re.compile(
    r"(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][-+]?[0-9]+)?|0[bB][01]+"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?:[uU]?[lL][lL]|[iI])?\Z"
)
_TEXT = {
    quote: re.compile(rf"{quote}(?:[^{quote}\\\r\n]|\\z[ \t\r\n\f\v]*|\\\r\n|\\[\s\S])*") for quote in "\"'"
}
_ESCAPES = re.compile(r"(?:[^\\]|\\(?:[abfnrtvz\\\"'\r\n]|x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]+\}|[0-9]{1,3}))*")
# What is none of Lua's is a word of its own too, for the grammar to stumble over.
_SIGN = re.compile(r"\.\.\.|\.\.|==|~=|<=|>=|::|[\s\S]")
_DELIMITER = re.compile(r"\[=+")
_FIRST_LINE = re.compile(r"#[^\r\n]*")


class Word(NamedTuple):
    """A word: ``kind`` is NAME, NUMBER, STRING or END, or the keyword or sign itself."""

    kind: str
    text: str
    line: int


class NotLua(Exception):
    """The text is no Lua; ``line`` counts from 1."""

    def __init__(self, reason: str, near: str, line: int) -> None:
        super().__init__(f"{reason} near '{near}'")
        self.line = line


def words(chunk: str) -> Iterator[Word]:
    """The words of a chunk, and END for ever.

    :raises NotLua: where one is not well formed or not finished.
    """
    first = _FIRST_LINE.match(chunk)
    at, line = 0 if first is None else first.end(), 1
    while at < len(chunk):
        word, after = _next(chunk, at, line)
        if word is not None:
            yield word
        line += chunk.count("\n", at, after)
        at = after
    while True:
        yield Word(END, END, line)


def _next(chunk: str, at: int, line: int) -> tuple[Word | None, int]:
    blank = _BLANK.match(chunk, at)
    if blank is not None:
        return None, blank.end()
    first = chunk[at]
    if first in _TEXT:
        return _text(chunk, at, line)
    long = _LONG.match(chunk, at)
    if long is not None:
        return _long(chunk, at, line, long)
    word = _WORD.match(chunk, at)
    if word is not None:
        return Word(word[0] if word[0] in KEYWORDS else NAME, word[0], line), word.end()
    number = _NUMBERLIKE.match(chunk, at)
    if number is not None:
        if _NUMBER.match(number[0]) is None:
            raise NotLua("malformed number", number[0], line)
        return Word(NUMBER, number[0], line), number.end()
    delimiter = _DELIMITER.match(chunk, at)
    if delimiter is not None:
        raise NotLua("invalid long string delimiter", delimiter[0], line)
    return _sign(chunk, at, line)


def _sign(chunk: str, at: int, line: int) -> tuple[Word, int]:
    found = _SIGN.match(chunk, at)
    assert found is not None
    sign = found[0]
    return Word(sign, sign if sign.isprintable() else f"char({ord(sign)})", line), found.end()


def _text(chunk: str, at: int, line: int) -> tuple[Word, int]:
    found = _TEXT[chunk[at]].match(chunk, at)
    end = at if found is None else found.end()
    if end >= len(chunk):
        raise NotLua("unfinished string", END, line)
    if chunk[end] != chunk[at]:
        raise NotLua("unfinished string", chunk[at:end], line)
    text = chunk[at : end + 1]
    escapes = _ESCAPES.match(text)
    if escapes is not None and escapes.end() < len(text):
        raise NotLua("invalid escape sequence", text[: escapes.end()], line)
    return Word(STRING, text, line), end + 1


def _long(chunk: str, at: int, line: int, opening: re.Match[str]) -> tuple[Word | None, int]:
    closing = f"]{opening[2]}]"
    end = chunk.find(closing, opening.end())
    if end < 0:
        kind = "comment" if opening[1] else "string"
        raise NotLua(f"unfinished long {kind}", END, line + chunk.count("\n", at))
    end += len(closing)
    return (None if opening[1] else Word(STRING, chunk[at:end], line)), end
