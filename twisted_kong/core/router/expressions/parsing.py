"""Reading an expression: a tree, or an error that says what is wrong where; in bounded time, whatever it is.

The parser needs no look-back and no recursion, so its time is linear in the text, whose length is limited;
the limits on depth and number of predicates bound what is done with the tree afterwards.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, cast

from lark.exceptions import UnexpectedInput

from twisted_kong.core.router.expressions.errors import ExpressionError, at_place
from twisted_kong.core.router.expressions.grammar import make_parser
from twisted_kong.core.router.expressions.syntax import Node, predicates

MOST_LENGTH = 16_384
"""Characters of an expression. Kong: no limit."""

MOST_DEPTH = 64
"""Parentheses within one another. Kong: no limit."""

MOST_PREDICATES = 1_024
"""Comparisons of an expression. Kong: no limit."""

# What may follow, by the first of these tokens that may; the names are those of Kong's messages.
_EXPECTED = (
    ("COMPARISON", "binary_operator"),
    ("STRING", "rhs"),
)
_AFTER_TERM = (("$END", "EOI"), ("AND", "and_op"), ("OR", "or_op"))


@lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """The tree of an expression.

    :raises ExpressionError: it is none, or is beyond a limit.
    """
    if len(text) > MOST_LENGTH:
        raise ExpressionError(f"longer than {MOST_LENGTH} characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ExpressionError("not valid UTF-8") from None
    try:
        tree: Any = make_parser(MOST_DEPTH).parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    node: Node = tree
    if len(predicates(node)) > MOST_PREDICATES:
        raise ExpressionError(f"more than {MOST_PREDICATES} predicates")
    return node


def _syntax_error(text: str, error: UnexpectedInput) -> ExpressionError:
    # What the lexer would accept there is more than what the parser would, which is asked therefore.
    expected: Collection[str] = cast(Any, error).interactive_parser.accepts()
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        # Positions of the end are those of the last token; meant is what is missing behind it.
        column = len(text) - text.rfind("\n")
        return at_place(text, text.count("\n") + 1, column, _reason(expected))
    return at_place(text, max(error.line, 1), max(error.column, 1), _reason(expected))


def _reason(expected: Collection[str]) -> str:
    for token, name in _EXPECTED:
        if token in expected:
            return f"expected {name}"
    if "IDENT" in expected:
        return "expected term" if "NOT_OP" in expected else "expected lhs"
    if "AND" in expected:
        names = [name for token, name in _AFTER_TERM if token in expected]
        return f"expected {names[0]}" if len(names) == 1 else f"expected {_listed(names)}"
    return "expected parenthesised_expression" if "LPAR" in expected else "expected closing parenthesis"


def _listed(names: list[str]) -> str:
    return " or ".join(names) if len(names) == 2 else f"{', '.join(names[:-1])}, or {names[-1]}"
