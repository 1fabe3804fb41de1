"""The grammar of Lua 5.1 with what LuaJIT adds: labels, ``goto``, empty statements.

It is judged what a compiler would judge without looking at what names mean: that ``break`` stands in a loop
and that labels are there is not.
"""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from twisted_kong.core.lua_syntax.expressions import Expressions
from twisted_kong.core.lua_syntax.lexing import END, NAME, NotLua

# What LuaJIT shows of a chunk where it names it.
_SHOWN = 48
_CUT = 45

_BLOCK_ENDS = frozenset({"else", "elseif", "end", "until", END})


def syntax_error(chunk: str) -> str | None:
    """What keeps a text from being a chunk of Lua, with its beginning and the line; ``None`` if nothing.

    Takes about a second for a million characters.
    """
    try:
        _Chunk(chunk).read()
    except NotLua as error:
        return f"{_name(chunk)}:{error.line}: {error}"
    return None


def _name(chunk: str) -> str:
    shown = next((place for place, char in enumerate(chunk[:_SHOWN]) if char < " "), min(len(chunk), _SHOWN))
    text = chunk if shown == len(chunk) else f"{chunk[: min(shown, _CUT)]}..."
    return f'[string "{text}"]'


class _Chunk(Expressions):
    def __init__(self, chunk: str) -> None:
        super().__init__(chunk)
        self._statements: dict[str, Callable[[int], object]] = {
            "if": self._if,
            "while": self._while,
            "do": self._do,
            "for": self._for,
            "repeat": self._repeat,
            "function": self._function_statement,
            "local": self._local,
            "break": lambda line: self._advance(),
            "::": self._label,
            ";": lambda line: self._advance(),
        }

    def read(self) -> None:
        """All of it."""
        self._block()
        self._expect(END)

    @override
    def _block(self) -> None:
        with self._deeper():
            while self._word.kind not in _BLOCK_ENDS:
                if self._word.kind == "return":
                    self._return()
                    return
                self._statement()

    def _statement(self) -> None:
        statement = self._statements.get(self._word.kind)
        if statement is not None:
            statement(self._word.line)
        elif self._word.text == "goto" and self._peek().kind == NAME:
            self._advance()
            self._advance()
        else:
            self._expression_statement()

    def _return(self) -> None:
        self._advance()
        if self._word.kind not in _BLOCK_ENDS and self._word.kind != ";":
            self._expressions()
        self._accept(";")

    def _if(self, line: int) -> None:
        while True:
            self._advance()
            self._expression()
            self._expect("then")
            self._block()
            if self._word.kind != "elseif":
                break
        if self._accept("else"):
            self._block()
        self._close("end", "if", line)

    def _while(self, line: int) -> None:
        self._advance()
        self._expression()
        self._expect("do")
        self._block()
        self._close("end", "while", line)

    def _do(self, line: int) -> None:
        self._advance()
        self._block()
        self._close("end", "do", line)

    def _for(self, line: int) -> None:
        self._advance()
        self._expect(NAME)
        if self._accept("="):
            self._expression()
            self._expect(",")
            self._expression()
            if self._accept(","):
                self._expression()
        elif self._word.kind in (",", "in"):
            while self._accept(","):
                self._expect(NAME)
            self._expect("in")
            self._expressions()
        else:
            raise self._wrong("'=' or 'in' expected")
        self._expect("do")
        self._block()
        self._close("end", "for", line)

    def _repeat(self, line: int) -> None:
        self._advance()
        self._block()
        self._close("until", "repeat", line)
        self._expression()

    def _function_statement(self, line: int) -> None:
        self._advance()
        self._expect(NAME)
        while self._accept("."):
            self._expect(NAME)
        if self._accept(":"):
            self._expect(NAME)
        self._function(line)

    def _local(self, line: int) -> None:
        self._advance()
        if self._accept("function"):
            self._expect(NAME)
            self._function(line)
            return
        self._expect(NAME)
        while self._accept(","):
            self._expect(NAME)
        if self._accept("="):
            self._expressions()

    def _label(self, line: int) -> None:
        self._advance()
        self._expect(NAME)
        self._expect("::")

    def _expression_statement(self) -> None:
        """A call, or an assignment to what can be assigned to."""
        kind = self._suffixed()
        if kind == "call":
            return
        while True:
            if kind != "variable":
                raise self._wrong("syntax error")
            if not self._accept(","):
                break
            kind = self._suffixed()
        self._expect("=")
        self._expressions()
