"""Checks of a Route as a whole: whether the router can match by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.patterns import InvalidPattern, compile_pattern
from twisted_kong.core.schema.context import Scope

_FAILED = "Router Expression failed validation: "
# Kong: it writes an expression for the Route and reports what its parser says of an empty list of values.
_EMPTY_HEADER = _FAILED + " --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term"
_REGEX = "~*"
_ATTRIBUTES = ("methods", "hosts", "paths", "headers", "snis", "sources", "destinations")
_NAMED = "'methods', 'hosts', 'paths', 'headers', 'snis', 'sources' or 'destinations'"


def warn_path_handling_v1(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Nothing: Kong writes a warning to its log there, and ``v1`` works as before."""
    return None


def validate_route_expression(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether all that a Route matches by can be run by the router."""
    headers = record.get("headers") or {}
    if any(not values for values in headers.values()):
        return _EMPTY_HEADER
    return validate_header_regexes(record, scope)


def validate_route_or_expression(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether a Route is written either as an expression that can be run, or as attributes that can.

    Kong: the Route's own fields and the two numbers must not be mixed.
    """
    expression: str | None = record.get("expression")
    attributes = any(record.get(name) for name in _ATTRIBUTES)
    if not expression:
        if attributes and record.get("priority"):
            return f"{_FAILED}cannot set 'priority' with {_NAMED} simultaneously"
        return validate_route_expression(record, scope)
    if attributes:
        return f"{_FAILED}cannot set 'expression' with {_NAMED} simultaneously"
    if record.get("regex_priority"):
        return f"{_FAILED}cannot set 'regex_priority' with 'expression' simultaneously"
    # The parser is there only where Routes are written so.
    from twisted_kong.core.router.expressions.judging import problem_of

    problem = problem_of(expression, record.get("protocols"))
    return None if problem is None else _FAILED + problem


def validate_header_regexes(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether the expressions among the values of headers can be run.

    Kong: its oldest router finds that out only when requests come.
    """
    for values in (record.get("headers") or {}).values():
        # Kong: a single value that begins with ~* is an expression
        if len(values) == 1 and values[0].startswith(_REGEX):
            regex = values[0].removeprefix(_REGEX)
            try:
                compile_pattern(regex)
            except InvalidPattern as error:
                return f"{_FAILED}invalid regex: '{regex}' ({error.reason})"
    return None
