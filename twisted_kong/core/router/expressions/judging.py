"""What is wrong with an expression that somebody wants to write."""

from __future__ import annotations

from collections.abc import Iterable

from twisted_kong.core.router.expressions.checking import check
from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.parsing import parse

_STREAM = frozenset({"tcp", "udp", "tls", "tls_passthrough"})


def problem_of(expression: str, protocols: Iterable[str] | None) -> str | None:
    """Why it cannot be used for Routes of these protocols; None where it can."""
    try:
        check(parse(expression), stream=not _STREAM.isdisjoint(protocols or ()))
    except ExpressionError as error:
        return str(error)
    return None
