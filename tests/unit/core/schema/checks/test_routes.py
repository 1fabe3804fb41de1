from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.checks import routes
from twisted_kong.core.schema.context import Scope

SCOPE = Scope(1.0)


@pytest.mark.parametrize("headers", [None, {}, {"x": ["a"]}, {"x": ["~*^a"]}, {"x": ["~*(", "b"]}])
def test_most_routes_can_be_matched(headers: Any) -> None:
    """A value is an expression only where it stands alone."""
    assert routes.validate_route_expression({"headers": headers}, SCOPE) is None


def test_a_header_needs_a_value() -> None:
    """The text is that of Kong's expression parser."""
    found = routes.validate_route_expression({"headers": {"x": []}}, SCOPE)
    assert str(found).startswith("Router Expression failed validation:  --> 1:2")


def test_a_headers_expression_must_run() -> None:
    """Otherwise the router could not match by it."""
    found = routes.validate_header_regexes({"headers": {"x": ["~*("]}}, SCOPE)
    assert found == "Router Expression failed validation: invalid regex: '(' (missing closing parenthesis)"


def test_old_path_handling_is_accepted() -> None:
    """Kong only warns."""
    assert routes.warn_path_handling_v1({"path_handling": "v1"}, SCOPE) is None


MIXED = "'methods', 'hosts', 'paths', 'headers', 'snis', 'sources' or 'destinations' simultaneously"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"expression": 'http.path == "/"', "priority": 5, "protocols": ["http"]}, None),
        ({"expression": 'http.path == "/"', "regex_priority": 0, "paths": None, "hosts": []}, None),
        ({"paths": ["/"], "priority": 0, "regex_priority": 3}, None),
        ({"expression": 'http.path == "/"', "paths": ["/"]}, f"cannot set 'expression' with {MIXED}"),
        (
            {"expression": 'http.path == "/"', "sources": [{"port": 1}]},
            f"cannot set 'expression' with {MIXED}",
        ),
        (
            {"expression": 'http.path == "/"', "regex_priority": 1},
            "cannot set 'regex_priority' with 'expression' simultaneously",
        ),
        ({"paths": ["/"], "priority": 1}, f"cannot set 'priority' with {MIXED}"),
        ({"expression": "()"}, " --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term"),
        (
            {"expression": 'http.path.segments.x == "a"'},
            "illformed http.path.segments.* field",
        ),
        ({"expression": 'http.path == "/"', "protocols": ["tcp"]}, "Unknown LHS field http.path"),
        ({"headers": {"x": []}}, " --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term"),
    ],
)
def test_a_route_is_an_expression_or_attributes(record: dict[str, Any], problem: str | None) -> None:
    """Either may be there, not both, and what is there must be what the router can run."""
    found = routes.validate_route_or_expression(record, SCOPE)
    assert found == (None if problem is None else f"Router Expression failed validation: {problem}")
