"""The router of expressions finds the Route that trying all of them would, and stays quick with many."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.expressions import holds, nodes, query_of
from tests.kit.expressions import requests as any_request
from tests.kit.routes import a_query, a_route, slow_match
from tests.unit.core.router.test_router import queries, route_fields
from twisted_kong.core.router.expressions.router import ExpressionRouter
from twisted_kong.core.router.expressions.syntax import Node
from twisted_kong.core.router.query import RouteQuery
from twisted_kong.core.router.router import Router


def an_expression(number: int, text: str, **fields: Any) -> dict[str, Any]:
    return a_route(number, expression=text, priority=0) | fields


def name_of(router: ExpressionRouter, query: RouteQuery) -> str | None:
    found = router.match(query)
    return None if found is None else str(found.route["name"])


def test_the_higher_priority_wins() -> None:
    """Priorities decide; between equals the greater id does; converted Routes come last."""
    router = ExpressionRouter()
    low = an_expression(1, 'http.path ^= "/a/long/path"', id="00000000-0000-0000-0000-00000000000a")
    assert router.put(low) == []
    assert router.put(a_route(2, paths=["/a/long/path/indeed"], methods=["GET"], hosts=["a.test"])) == []
    assert name_of(router, query_of("/a/long/path/indeed")) == "r1"
    router.put(an_expression(3, 'http.path ^= "/"', priority=1))
    assert name_of(router, query_of("/a/long/path/indeed")) == "r3"
    router.put(an_expression(4, 'http.path ^= "/"', priority=1, id="ffffffff-0000-0000-0000-000000000000"))
    assert name_of(router, query_of("/a/long/path/indeed")) == "r4"
    router.put(an_expression(5, 'http.path ^= "/"', priority=2**46 - 1))
    assert name_of(router, query_of("/a/long/path/indeed")) == "r5"


def test_protocols_count() -> None:
    """A Route for http is none for https; one for https alone is found by plain requests too."""
    router = ExpressionRouter()
    router.put(an_expression(1, 'http.path ^= "/h"', protocols=["http"]))
    router.put(an_expression(2, 'http.path ^= "/s"', protocols=["https"]))
    assert name_of(router, query_of("/h")) == "r1"
    assert name_of(router, query_of("/h", scheme="https")) is None
    assert name_of(router, query_of("/s")) == "r2"
    assert name_of(router, query_of("/s", scheme="https")) == "r2"


def test_routes_for_streams_are_left_out() -> None:
    """What is for the stream proxy is not asked for requests."""
    router = ExpressionRouter()
    assert router.put(an_expression(1, 'tls.sni == "a"', protocols=["tls"])) == []
    assert len(router) == 0
    assert a_route(1)["id"] not in router


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        (an_expression(1, "("), "expression:  --> 1:2"),
        (an_expression(1, "foo == 1"), "expression: Unknown LHS field foo"),
        (an_expression(1, 'http.path ~ "(?=a)"'), "expression: invalid regex"),
        (a_route(1, paths=["~/(?=a)"]), "invalid regex"),
        (a_route(1), "it asks for nothing"),
    ],
)
def test_what_cannot_be_matched_is_told(route: dict[str, Any], problem: str) -> None:
    """A Route that cannot be run is left out, and harms no other."""
    router = ExpressionRouter()
    router.put(an_expression(2, 'http.path ^= "/"'))
    (told,) = router.put(route)
    assert told.startswith(problem)
    assert name_of(router, query_of("/")) == "r2"
    assert router.remove(route["id"])


def test_answers_depend_on_every_field_that_is_asked_for() -> None:
    """What is remembered for one value of a header, an argument or an address is not given for another."""
    router = ExpressionRouter()
    router.put(an_expression(1, 'http.headers.x_a == "1"'))
    router.put(an_expression(2, 'any(http.queries.q) == "1"'))
    router.put(an_expression(3, "net.src.ip in 11.0.0.0/8"))
    router.put(an_expression(4, "net.dst.ip == ::1"))
    for _ in range(2):
        assert name_of(router, query_of(headers={b"x-a": [b"1"]})) == "r1"
        assert name_of(router, query_of(query=b"q=1")) == "r2"
        assert name_of(router, query_of(query=b"q=2")) is None
        assert name_of(router, query_of(source=("11.1.1.1", 1))) == "r3"
        assert name_of(router, query_of(destination="::1")) == "r4"
        assert name_of(router, query_of()) is None
    assert router.match(query_of(query=b"q=1")) is router.match(query_of(query=b"q=1"))


def test_a_change_forgets() -> None:
    """After a Route has come, changed or gone nothing remembered is given any more."""
    router = ExpressionRouter()
    route = an_expression(1, 'http.path == "/a"')
    assert name_of(router, query_of("/a")) is None
    router.put(route)
    assert name_of(router, query_of("/a")) == "r1"
    router.put(route | {"expression": 'http.path == "/b"'})
    assert name_of(router, query_of("/a")) is None
    assert name_of(router, query_of("/b")) == "r1"
    assert router.remove(route["id"])
    assert not router.remove(route["id"])
    assert name_of(router, query_of("/b")) is None


def test_what_is_stripped_and_captured() -> None:
    """The match carries the prefix and the groups of the path."""
    router = ExpressionRouter()
    router.put(an_expression(1, r'http.path ~ "^/u/(?<id>\\d+)"'))
    found = router.match(query_of("/u/12/x"))
    assert found is not None
    assert found.prefix == "/u/12"
    assert found.captures is not None
    assert found.captures.named == {"id": "12"}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(nodes, st.integers(0, 2)), max_size=8),
    st.lists(st.integers(0, 7), max_size=3),
    st.lists(any_request, min_size=1, max_size=4),
)
def test_agrees_with_trying_every_expression(
    trees: list[tuple[Node, int]], gone: list[int], asked: list[RouteQuery]
) -> None:
    """The index never hides a Route: the answer is the best of all whose expression is true."""
    router = ExpressionRouter()
    held: dict[int, tuple[Node, dict[str, Any]]] = {}
    for number, (node, priority) in enumerate(trees):
        route = an_expression(number, str(node), priority=priority, protocols=["https"])
        assert router.put(route) == []
        held[number] = (node, route)
    for number in gone:
        there = held.pop(number, None)
        assert router.remove(a_route(number)["id"]) == (there is not None)
    for query in asked * 2:
        if "\udcff" in query.path:
            continue
        found = router.match(query)
        true = [route for node, route in held.values() if holds(node, query)]
        best = max(true, key=lambda route: (route["priority"], route["id"]), default=None)
        assert (None if found is None else found.route["id"]) == (None if best is None else best["id"])
    for _, route in held.values():
        router.remove(route["id"])
    assert not router._index._hosts
    assert not router._readers
    assert len(router) == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(route_fields, max_size=10), st.lists(queries, min_size=1, max_size=4))
def test_translated_routes_match_alike(fields: list[dict[str, Any]], asked: list[RouteQuery]) -> None:
    """Routes without expressions find what they find with ``traditional_compatible``."""
    router, other = ExpressionRouter(), Router("traditional_compatible")
    routes = [a_route(number, **field) for number, field in enumerate(fields)]
    # Of a Route that asks for nothing Kong makes no expression.
    routes = [
        route
        for route in routes
        if any(route[kind] for kind in ("methods", "hosts", "paths", "headers", "snis"))
    ]
    for route in routes:
        assert router.put(route) == []
        other.put(route)
    for query in asked:
        found, wanted = router.match(query), other.match(query)
        slow = slow_match(routes, query, "traditional_compatible")
        assert (found is None) == (wanted is None) == (slow is None)
        if found is not None and wanted is not None:
            assert found.route == wanted.route
            assert found.prefix == wanted.prefix
            assert (found.captures is None) == (wanted.captures is None)


def test_sources_and_destinations_count_for_requests() -> None:
    """With this flavour Routes of HTTP may ask who is connected, and to what."""
    router = ExpressionRouter()
    router.put(a_route(1, paths=["/a"], sources=[{"ip": "10.0.0.0/8", "port": None}]))
    assert name_of(router, a_query("/a")) is None
    assert name_of(router, query_of("/a", source=("10.9.9.9", 1))) == "r1"
    assert name_of(router, query_of("/a", source=("9.9.9.9", 1))) is None


SHAPES = {
    "paths": lambda n: f'http.path ^= "/service-{n}/v1" && http.method == "GET"',
    "hosts": lambda n: f'http.host == "h{n}.test" && (http.path ^= "/a" || http.path ^= "/b")',
    "suffixes": lambda n: f'http.host =^ ".t{n}.test"',
    "regexes": lambda n: f'http.path ~ "^/r/{n}/[0-9]+$"',
    "arguments": lambda n: f'any(http.queries.t) == "t{n}"',
    "segments": lambda n: f'http.path.segments.1 == "s{n}"',
    "addresses": lambda n: f"net.src.ip == 10.1.{n // 250}.{n % 250}",
    "headers": lambda n: f'any(lower(http.headers.x_tenant)) == "t{n}" && http.path ^= "/"',
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_many_routes_stay_quick(shape: str) -> None:
    """Among two thousand Routes that differ by what the index knows, few are tried for one request."""
    router = ExpressionRouter()
    tried = 0

    def counting(test: Any) -> Any:
        def counted(request: Any) -> bool:
            nonlocal tried
            tried += 1
            return bool(test(request))

        return counted

    for number in range(2_000):
        router.put(an_expression(number, SHAPES[shape](number)))
        for entry, _ in router._routes[a_route(number)["id"]].entries:
            entry.test = counting(entry.test)
    query = {
        "paths": query_of("/service-1234/v1/x"),
        "hosts": query_of("/b/x", host="h1234.test"),
        "suffixes": query_of("/", host="a.b.t1234.test"),
        "regexes": query_of("/r/1234/5"),
        "arguments": query_of(query=b"t=t1234"),
        "segments": query_of("/a/s1234/b"),
        "addresses": query_of(source=(f"10.1.{1234 // 250}.{1234 % 250}", 1)),
        "headers": query_of("/", headers={b"x-tenant": [b"T1234"]}),
    }[shape]
    assert name_of(router, query) == "r1234"
    assert tried < 100


def test_an_expression_of_the_greatest_size_is_judged_soon() -> None:
    """As many predicates as may be, nested as deep as may be, take a few milliseconds at most."""
    router = ExpressionRouter()
    text = "!(" * 63 + " || ".join(f'http.path =^ "{n}"' for n in range(700)) + ")" * 63
    assert router.put(an_expression(1, text)) == []
    started = process_time()
    assert name_of(router, query_of("/x")) == "r1"
    assert process_time() - started < 0.5
