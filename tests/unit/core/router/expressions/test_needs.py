"""What the index is told of an expression holds for every request that satisfies it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.kit.expressions import nodes, requests
from twisted_kong.core.router.expressions.compiling import compile_test
from twisted_kong.core.router.expressions.fields import Request
from twisted_kong.core.router.expressions.needs import needs_of
from twisted_kong.core.router.expressions.parsing import parse
from twisted_kong.core.router.expressions.syntax import Node
from twisted_kong.core.router.query import RouteQuery


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ('http.host == "a"', {"host": {"a"}}),
        ('http.host =^ ".a"', {"host": {"*.a"}}),
        ('http.host ^= "a."', {"host": {"a.*"}}),
        ('http.host =^ "a"', {}),
        ('http.host ^= "a"', {}),
        ('http.host != "a"', {}),
        ('http.path == "/a"', {"path": {("/a", None)}}),
        ('http.path ^= "/a"', {"path": {("/a", None)}}),
        ('http.path ~ "^/a/[0-9]"', {"path": {("/a/", "/a/[0-9]")}}),
        ('http.path ~ "^/a|/b"', {"path": {("", "/a|/b")}}),
        ('http.path ~ "/a"', {}),
        ('lower(http.path) == "/a"', {}),
        ('http.method == "GET"', {"method": {"GET"}}),
        ('tls.sni == "a"', {"sni": {"a"}}),
        ('any(http.headers.x_y) == "A"', {"http.headers.x_y": {b"a"}}),
        ('lower(http.headers.x_y) == "A"', {"http.headers.x_y": {b"A"}}),
        ('http.queries.q == "1"', {"http.queries.q": {b"1"}}),
        ('http.path.segments.1 == "A"', {"http.path.segments.1": {b"a"}}),
        ("net.src.ip == 10.0.0.1", {"net.src.ip": {b"10.0.0.1"}}),
        ("net.src.ip in 10.0.0.0/8", {}),
        ('net.protocol == "https"', {}),
        ('http.headers.x ~ "a"', {}),
        ("net.dst.port == 80", {}),
        ('!(http.method == "GET")', {}),
        ('http.host == "a" && http.method == "GET"', {"host": {"a"}, "method": {"GET"}}),
        ('http.host == "a" || http.host == "b"', {"host": {"a", "b"}}),
        ('http.host == "a" || http.method == "GET"', {}),
        ('http.path ^= "/" && http.path ^= "/a/b"', {"path": {("/a/b", None)}}),
        ('http.method == "A" || http.method == "B" && http.method == "A"', {"method": {"A"}}),
    ],
)
def test_what_is_needed(text: str, needs: dict[str, set[Any]]) -> None:
    """A table of expressions and what they need."""
    assert needs_of(parse(text)) == needs


def test_too_many_alternatives_are_no_help() -> None:
    """What a hundred values would do is not indexed by them."""
    assert needs_of(parse(" || ".join(f'http.method == "M{number}"' for number in range(100)))) == {}


@settings(max_examples=120, deadline=None)
@given(nodes, requests)
def test_whoever_satisfies_it_has_what_it_needs(node: Node, query: RouteQuery) -> None:
    """There is no request that an expression takes and that lacks what it is said to need."""
    request = Request(query)
    if not compile_test(node)(request):
        return
    for what, values in needs_of(node).items():
        if what == "path":
            assert any(query.path.startswith(beginning) for beginning, _ in values)
        elif what == "host":
            assert any(_fits(query.host, host) for host in values)
        elif what == "method":
            assert query.method in values
        elif what == "sni":
            assert request.sni in values
        else:
            assert values.intersection(request.values(what.encode()))


def _fits(host: str, rule: str) -> bool:
    if rule.startswith("*"):
        return host.endswith(rule[1:])
    return host.startswith(rule[:-1]) if rule.endswith("*") else host == rule
