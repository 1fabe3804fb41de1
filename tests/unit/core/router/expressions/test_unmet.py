"""The part of an expression that is the reason is told, and only where there is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.kit.expressions import holds, nodes, query_of
from tests.kit.expressions import requests as any_request
from tests.kit.routes import a_route
from twisted_kong.core.router.expressions.checking import check
from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.syntax import Node
from twisted_kong.core.router.expressions.unmet import unmet_part
from twisted_kong.core.router.query import RouteQuery


def an_expression(text: str, **fields: Any) -> dict[str, Any]:
    return a_route(1, expression=text, priority=0, protocols=["https"]) | fields


@pytest.mark.parametrize(
    ("text", "part", "values"),
    [
        ('http.path == "/b"', 'http.path == "/b"', {"http.path": "/a"}),
        ('http.path == "/a" && net.dst.port == 1', "net.dst.port == 1", {"net.dst.port": 8000}),
        (
            'http.path == "/a" && (http.method == "PUT" || http.headers.x == "1")',
            'http.method == "PUT" || http.headers.x == "1"',
            {"http.method": "GET", "http.headers.x": []},
        ),
        ('!(http.path == "/a")', '!(http.path == "/a")', {"http.path": "/a"}),
        ("net.src.ip == 10.0.0.1", "net.src.ip == 10.0.0.1", {"net.src.ip": "127.0.0.1"}),
        ('http.path == "/a"', None, None),
    ],
)
def test_the_part_that_is_not_true(text: str, part: str | None, values: dict[str, Any] | None) -> None:
    """The first part of ``&&`` that is false, with what the request has in its fields."""
    query = query_of("/a", port=8000)._replace(source=("127.0.0.1", 1))
    assert unmet_part(an_expression(text), query) == (None if part is None else (part, values))


def test_a_route_without_an_expression() -> None:
    """It is told as what it was translated to."""
    found = unmet_part(a_route(1, paths=["/a"], methods=["PUT"]), query_of("/a"))
    assert found == ('http.method == "PUT"', {"http.method": "GET"})


def test_a_long_part_is_cut() -> None:
    """Nobody reads a thousand alternatives."""
    text = " || ".join(f'http.path == "/long/path/number/{n}"' for n in range(60))
    found = unmet_part(an_expression(text), query_of("/a"))
    assert found is not None
    assert len(found[0]) == 501


@settings(deadline=None, max_examples=30)
@given(nodes, any_request)
def test_there_is_a_reason_exactly_where_it_does_not_hold(node: Node, query: RouteQuery) -> None:
    """An expression that holds has no part that is not met, any other has one."""
    try:
        check(node)
    except ExpressionError:
        return
    assert (unmet_part(an_expression(str(node)), query) is None) == holds(node, query)
