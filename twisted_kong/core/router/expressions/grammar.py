"""The grammar of Kong's expressions, and the parser's tables made of it once.

The names of the rules are Kong's where its messages name them.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from lark import Lark, Token, Transformer

from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.syntax import (
    Field,
    Node,
    Not,
    Operator,
    Predicate,
    Value,
    all_of,
    any_of,
)

_GRAMMAR = r"""
start: expression
expression: alternatives (AND alternatives)*
alternatives: _term (OR _term)*
_term: predicate | group
group: NOT_OP? "(" expression ")"
predicate: lhs operator _rhs
lhs: IDENT | FUNCTION lhs ")"
operator: COMPARISON | IN | NOT IN | CONTAINS
_rhs: STRING | RAW_STRING | INTEGER | IP | CIDR

AND: "&&"
OR: "||"
NOT_OP: "!"
COMPARISON: "==" | "!=" | "~" | "^=" | "=^" | ">=" | ">" | "<=" | "<"
IN: "in"
NOT: "not"
CONTAINS: "contains"
FUNCTION.2: /(?:any|lower)[ \t\r\n]*\(/
IDENT: /[a-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/
STRING: /"[^"\\]*(?:\\["\\nrt][^"\\]*)*"/
RAW_STRING: /r#"(?s:.*?)"#/
INTEGER: /-?(?:0x[0-9a-fA-F]+|[0-9]+)/
CIDR.3: /[0-9a-fA-F:.]+\/[0-9]{1,3}/
IP.2: /[0-9a-fA-F]*:[0-9a-fA-F:.]*|[0-9]+(?:\.[0-9]+){3}/
%ignore /[ \t\r\n]+/
"""

_UNESCAPED = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
# Digits of a 64-bit integer in any base, with room for some leading zeros.
_MOST_DIGITS = 40


class _Group:
    """What stood in parentheses: a part of its own, however deep."""

    __slots__ = ("depth", "node")

    def __init__(self, node: Node, depth: int) -> None:
        self.node = node
        self.depth = depth


class _Builder(Transformer[Token, Any]):
    """Makes the tree while the text is read; ``depth`` is how many parentheses lie within one another.

    ``Transformer`` calls each method with what the rule of that name consists of.
    """

    def __init__(self, most_depth: int) -> None:
        super().__init__()
        self._most_depth = most_depth

    def start(self, children: list[_Group]) -> Node:
        return children[0].node

    def expression(self, children: list[Any]) -> _Group:
        groups = children[::2]
        return _Group(all_of([group.node for group in groups]), max(group.depth for group in groups))

    def alternatives(self, children: list[Any]) -> _Group:
        groups = children[::2]
        return _Group(any_of([group.node for group in groups]), max(group.depth for group in groups))

    def group(self, children: list[Any]) -> _Group:
        inner: _Group = children[-1]
        depth = inner.depth + 1
        if depth > self._most_depth:
            raise ExpressionError(f"nested deeper than {self._most_depth} levels")
        return _Group(Not(inner.node) if len(children) == 2 else inner.node, depth)

    def predicate(self, children: list[Any]) -> _Group:
        field, operator, token = children
        return _Group(Predicate(field, operator, _LITERALS[token.type](token)), 0)

    def lhs(self, children: list[Any]) -> Field:
        if len(children) == 1:
            return Field(str(children[0]))
        function, field = children
        if function.startswith("any"):
            return Field(field.name, field.lower, any=True)
        return Field(field.name, lower=True, any=field.any)

    def operator(self, children: list[Token]) -> Operator:
        return Operator(" ".join(children))


def _string(token: str) -> Value:
    text = token[1:-1]
    if "\\" not in text:
        return text
    pieces, at = [], 0
    while (escape := text.find("\\", at)) != -1:
        pieces += [text[at:escape], _UNESCAPED[text[escape : escape + 2]]]
        at = escape + 2
    return "".join([*pieces, text[at:]])


def _integer(token: str) -> Value:
    digits = token.removeprefix("-")
    if len(digits) > _MOST_DIGITS:
        raise ExpressionError("number too large to fit in target type")
    if digits.startswith("0x"):
        number = int(digits, 16)
    elif digits.startswith("0") and not set(digits) & {"8", "9"}:
        number = int(digits, 8)
    else:
        number = int(digits)
    if token.startswith("-"):
        number = -number
    if not _LEAST <= number <= _MOST:
        raise ExpressionError("number too large to fit in target type")
    return number


def _address(token: str) -> Value:
    try:
        return ip_address(token)
    except ValueError:
        raise ExpressionError(f"invalid IP address syntax: {token}") from None


def _network(token: str) -> Value:
    try:
        return ip_network(token)
    except ValueError as error:
        reason = "host part of address was not zero" if "host bits" in str(error) else "invalid CIDR"
        raise ExpressionError(f"{reason}: {token}") from None


_LITERALS = {
    "STRING": _string,
    "RAW_STRING": lambda token: token[3:-2],
    "INTEGER": _integer,
    "IP": _address,
    "CIDR": _network,
}


@lru_cache(maxsize=1)
def make_parser(most_depth: int) -> Lark:
    """The parser, whose ``parse`` gives a tree; made at the first need (30 ms), then kept."""
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(most_depth))
