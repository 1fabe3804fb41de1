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
