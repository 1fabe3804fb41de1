"""What is told of the Routes that are not taken agrees with the router that does not take them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.routes import a_query, a_route
from tests.unit.core.router.test_router import queries, route_fields
from twisted_kong.core.router import RouteQuery, make_router
from twisted_kong.core.router.survey import Survey, Unmet, first_unmet, readable, why_left_out

FLAVORS = ["traditional_compatible", "traditional", "expressions"]
Told = list[tuple[str, Unmet | None]]


def surveyed(flavor: str, routes: list[dict[str, Any]], query: RouteQuery, count: int = 100) -> Told:
    """The Routes that a router with all of these does not take, the nearest first."""
    router = make_router(flavor)
    for route in routes:
        router.put(route)
    survey = Survey(router, flavor, query)
    for route in routes:
        assert survey.look(route) == (route["id"] in router and bool(router.places(route["id"])))
    match = router.match(query)
    taken = None if match is None else match.route["id"]
    return [(near.route["name"], near.unmet) for near in survey.nearest(count, taken)]


def fits_alone(flavor: str, route: dict[str, Any], query: RouteQuery) -> bool:
    router = make_router(flavor)
    router.put(route)
    return router.match(query) is not None


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(FLAVORS), st.lists(route_fields, max_size=6), queries)
def test_a_route_lacks_something_or_another_comes_first(
    flavor: str, fields: list[dict[str, Any]], query: RouteQuery
) -> None:
    """Nothing is unmet of exactly those Routes that a router with nothing else would take."""
    routes = [a_route(number, **each) for number, each in enumerate(fields)]
    told = surveyed(flavor, routes, query)
    by_name = {route["name"]: route for route in routes}
    for name, unmet in told:
        assert (unmet is None) == fits_alone(flavor, by_name[name], query)
    for route in routes:
        if not why_left_out(route, flavor):
            assert (first_unmet(route, flavor, query) is None) == fits_alone(flavor, route, query)


@pytest.mark.parametrize(
    ("fields", "unmet"),
    [
        ({"hosts": ["b.test"]}, ("hosts", ["b.test"], "example.test:8000")),
        ({"hosts": ["example.test:80"]}, ("hosts", ["example.test:80"], "example.test:8000")),
        ({"hosts": ["*.test"], "paths": ["/b"]}, ("paths", ["/b"], "/a")),
        ({"paths": ["~/b$"]}, ("paths", ["~/b$"], "/a")),
        ({"paths": ["/a"], "methods": ["PUT"]}, ("methods", ["PUT"], "GET")),
        ({"headers": {"x-a": ["1"], "x-b": ["1"]}}, ("headers.x-b", ["1"], ["2"])),
        ({"paths": ["/a"], "snis": ["s.test"]}, ("snis", ["s.test"], None)),
        ({"paths": ["/a"]}, None),
    ],
)
def test_the_first_condition_that_is_not_met(fields: dict[str, Any], unmet: Unmet | None) -> None:
    """What is wanted, and what the request has instead."""
    query = a_query("/a", scheme="https", headers={b"x-a": [b"1"], b"x-b": [b"2"]})
    assert first_unmet(a_route(1, **fields), "traditional", query) == unmet


def test_the_nearest_come_first() -> None:
    """Who misses nothing stands before who misses one thing; between equals the priority decides."""
    routes = [
        a_route(1, name="far", hosts=["z"], paths=["/z"], methods=["PUT"]),
        a_route(2, name="near", paths=["/a"], methods=["PUT"]),
        a_route(3, name="longer", paths=["/a/b"], hosts=["z"]),
        a_route(4, name="taken", paths=["/a/b"], methods=["GET"]),
        a_route(5, name="lower", paths=["/a"]),
    ]
    told = surveyed("traditional_compatible", routes, a_query("/a/b"))
    assert [name for name, _ in told] == ["lower", "longer", "near", "far"]
    assert surveyed("traditional_compatible", routes, a_query("/a/b"), 1) == [("lower", None)]


def test_a_long_list_is_cut() -> None:
    """Of many hosts some are told."""
    unmet = first_unmet(a_route(1, hosts=[f"h{n}.test" for n in range(50)]), "traditional", a_query("/"))
    assert unmet is not None
    assert len(unmet.wanted) == 20


def test_an_expression_tells_its_part() -> None:
    """With expressions it is a part of the expression that is not met."""
    route = a_route(1, expression='http.path ^= "/a" && http.method == "PUT"', priority=0)
    unmet = first_unmet(route, "expressions", a_query("/a"))
    assert unmet == ("expression", 'http.method == "PUT"', {"http.method": "GET"})


def test_why_a_router_does_not_hold_a_route() -> None:
    """What it says itself, or that it is for streams; nothing if it would."""
    assert why_left_out(a_route(1, paths=["/a"]), "traditional") == ""
    assert why_left_out(a_route(1, protocols=["tcp"]), "traditional") == "it is for the stream proxy"
    assert "paths" in why_left_out(a_route(1, paths=["~/(a)\\1"]), "traditional")


def test_a_path_that_is_no_text() -> None:
    """It can be shown all the same."""
    assert readable("/\udcff") == "/\ufffd"
