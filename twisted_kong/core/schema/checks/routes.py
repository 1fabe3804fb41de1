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


def warn_path_handling_v1(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Nothing: Kong writes a warning to its log there, and ``v1`` works as before."""
    return None


def validate_route_expression(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether all that a Route matches by can be run by the router."""
    headers = record.get("headers") or {}
    if any(not values for values in headers.values()):
        return _EMPTY_HEADER
    return validate_header_regexes(record, scope)


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
