"""Expressions of Lua, and the words they are read from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from twisted_kong.core.lua_syntax.lexing import NAME, NUMBER, STRING, NotLua, Word, words

# LuaJIT: 200.  Each takes several frames of Python's stack.
_LEVELS = 100

_BINARY = frozenset(
    {*("+", "-", "*", "/", "%", "^", ".."), *("==", "~=", "<", "<=", ">", ">="), *("and", "or")}
)
_UNARY = frozenset({"-", "#", "not"})
_VALUES = frozenset({NUMBER, STRING, "nil", "true", "false"})
_ARGUMENTS = frozenset({"(", "{", STRING})


class Expressions(ABC):
    """Goes through a chunk once, a word at a time; each method leaves off behind what it has read."""

    def __init__(self, chunk: str) -> None:
        self._words = words(chunk)
        self._word = next(self._words)
        self._ahead: Word | None = None
        self._level = 0
        # Whether the function that is read takes any number of arguments; the chunk itself does.
        self._variadic = True

    @abstractmethod
    def _block(self) -> None:
        """The statements of a body."""

    # Words.

    def _advance(self) -> Word:
        word = self._word
        self._word = self._ahead or next(self._words)
        self._ahead = None
        return word

    def _peek(self) -> Word:
        if self._ahead is None:
            self._ahead = next(self._words)
        return self._ahead

    def _accept(self, kind: str) -> bool:
        if self._word.kind != kind:
            return False
        self._advance()
        return True

    def _expect(self, kind: str) -> None:
        if not self._accept(kind):
            raise self._wrong(f"'{kind}' expected")

    def _close(self, kind: str, opening: str, line: int) -> None:
        if self._accept(kind):
            return
        if line == self._word.line:
            raise self._wrong(f"'{kind}' expected")
        raise self._wrong(f"'{kind}' expected (to close '{opening}' at line {line})")

    def _wrong(self, reason: str) -> NotLua:
        return NotLua(reason, self._word.text, self._word.line)

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._level += 1
        if self._level > _LEVELS:
            raise self._wrong("chunk has too many syntax levels")
        yield
        self._level -= 1

    def _expressions(self) -> None:
        self._expression()
        while self._accept(","):
            self._expression()

    def _expression(self) -> None:
        with self._deeper():
            while True:
                while self._word.kind in _UNARY:
                    self._advance()
                self._operand()
                if self._word.kind not in _BINARY:
                    return
                self._advance()

    def _operand(self) -> None:
        kind = self._word.kind
        if kind in _VALUES:
            self._advance()
        elif kind == "...":
            if not self._variadic:
                raise self._wrong("cannot use '...' outside a vararg function")
            self._advance()
        elif kind == "{":
            self._table()
        elif kind == "function":
            self._function(self._advance().line)
        else:
            self._suffixed()

    def _suffixed(self) -> str:
        """A name or something in parentheses, with all that is taken from it: what it is in the end."""
        kind = self._primary()
        while True:
            sign = self._word.kind
            if sign == ".":
                self._advance()
                self._expect(NAME)
                kind = "variable"
            elif sign == "[":
                self._advance()
                self._expression()
                self._expect("]")
                kind = "variable"
            elif sign == ":" or sign in _ARGUMENTS:
                self._call()
                kind = "call"
            else:
                return kind

    def _primary(self) -> str:
        if self._accept(NAME):
            return "variable"
        if self._word.kind != "(":
            raise self._wrong("unexpected symbol")
        line = self._advance().line
        self._expression()
        self._close(")", "(", line)
        return "value"

    def _call(self) -> None:
        if self._accept(":"):
            self._expect(NAME)
        if self._word.kind == "{":
            self._table()
        elif self._word.kind == "(":
            line = self._advance().line
            if self._word.kind != ")":
                self._expressions()
            self._close(")", "(", line)
        elif not self._accept(STRING):
            raise self._wrong("function arguments expected")

    def _table(self) -> None:
        line = self._advance().line
        while self._word.kind != "}":
            if self._accept("["):
                self._expression()
                self._expect("]")
                self._expect("=")
            elif self._word.kind == NAME and self._peek().kind == "=":
                self._advance()
                self._advance()
            self._expression()
            if not (self._accept(",") or self._accept(";")):
                break
        self._close("}", "{", line)

    def _function(self, line: int) -> None:
        """Parameters and body."""
        outside, self._variadic = self._variadic, False
        self._expect("(")
        if self._word.kind != ")":
            self._parameter()
            while not self._variadic and self._accept(","):
                self._parameter()
        self._expect(")")
        self._block()
        self._close("end", "function", line)
        self._variadic = outside

    def _parameter(self) -> None:
        if self._accept("..."):
            self._variadic = True
        elif not self._accept(NAME):
            raise self._wrong("<name> or '...' expected")
