"""The router finds the Route that Kong would, whatever else is there and in whatever order it came."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.routes import a_query, a_route, slow_match
from twisted_kong.core.router import RouteQuery, Router
from twisted_kong.core.router.router import ASKS_NOTHING

FLAVORS = ["traditional_compatible", "traditional"]


def name_of(router: Router, query: RouteQuery) -> str | None:
    found = router.match(query)
    return None if found is None else str(found.route["name"])


def recorded_router() -> Router:
    """The Routes that Kong 3.9.1 was asked about, flavour traditional_compatible."""
    router = Router()
    for number, (name, fields) in enumerate(
        {
            "p1": {"paths": ["/a"]},
            "p2": {"paths": ["/a/b"]},
            "re1": {"paths": [r"~/re/(?<id>\d+)$"], "regex_priority": 1},
            "re2": {"paths": [r"~/re/\w+"], "regex_priority": 5},
            "host": {"hosts": ["h.test"]},
            "wild": {"hosts": ["*.w.test"]},
            "wildr": {"hosts": ["w.*"]},
            "hostpath": {"hosts": ["h.test"], "paths": ["/a"]},
            "meth": {"methods": ["PATCH"]},
            "hdr": {"headers": {"x-v": ["1", "2"]}, "paths": ["/a"]},
            "hdr2": {"headers": {"x-v": ["1"], "x-w": ["z"]}, "paths": ["/a"]},
            "hdrre": {"headers": {"x-re": ["~*^ab+$"]}, "paths": ["/a"]},
            "hostport": {"hosts": ["hp.test:8000"]},
            "enc": {"paths": ["/e f", "/uni\u00e9"]},
            "dbl": {"paths": ["/d"]},
            "methpath": {"methods": ["DELETE"], "paths": ["/a"]},
        }.items()
    ):
        router.put(a_route(number, **fields | {"name": name}))
    return router


@pytest.mark.parametrize(
    ("query", "name", "prefix"),
    [
        (a_query("/a"), "p1", "/a"),
        (a_query("/ab"), "p1", "/a"),
        (a_query("/a/b"), "p2", "/a/b"),
        (a_query("/a/bc"), "p2", "/a/b"),
        (a_query("/re/1"), "re2", "/re/1"),
        (a_query("/re/1x"), "re2", "/re/1x"),
        (a_query("/x/re/1"), None, None),
        (a_query("/", host="h.test"), "host", None),
        (a_query("/", host="h.test", port=99), "host", None),
        (a_query("/", host="h.test."), None, None),
        (a_query("/a", host="h.test"), "hostpath", "/a"),
        (a_query("/", host="x.w.test"), "wild", None),
        (a_query("/", host="x.y.w.test"), "wild", None),
        (a_query("/", host="w.test"), "wildr", None),
        (a_query("/", host="w.com"), "wildr", None),
        (a_query("/zzz", method="PATCH"), "meth", None),
        (a_query("/a", method="DELETE"), "methpath", "/a"),
        (a_query("/a", headers={b"x-v": [b"1"]}), "hdr", "/a"),
        (a_query("/a", headers={b"x-v": [b"1"], b"x-w": [b"Z"]}), "hdr2", "/a"),
        (a_query("/a", headers={b"x-v": [b"3"]}), "p1", "/a"),
        (a_query("/a", headers={b"x-v": [b"3", b"1"]}), "hdr", "/a"),
        (a_query("/a", headers={b"x-v": [b"1, 3"]}), "p1", "/a"),
        (a_query("/a", headers={b"x-re": [b"abbb"]}), "hdrre", "/a"),
        (a_query("/a", headers={b"x-re": [b"ABB"]}), "hdrre", "/a"),
        (a_query("/", host="hp.test", port=8000), "hostport", None),
        (a_query("/", host="hp.test", port=19000), None, None),
        (a_query("/e f"), "enc", "/e f"),
        (a_query("/uni\u00e9"), "enc", "/uni\u00e9"),
        (a_query("/d/%2F/x"), "dbl", "/d"),
    ],
)
def test_kongs_own_answers(query: RouteQuery, name: str | None, prefix: str | None) -> None:
    """Requests that Kong was asked are answered as Kong did."""
    found = recorded_router().match(query)
    assert (None, None) if found is None else (found.route["name"], found.prefix) == (name, prefix)
    assert (found is None) == (name is None)


PATHS = [
    "/",
    "/a",
    "/b",
    "/a/b",
    "/a/bc",
    "/ab",
    r"~/a/\w+$",
    r"~/a/(?P<x>b|c)",
    r"~/(?P<y>\w)c?",
    "~/a?b",
    "~/b|/c",
]
HOSTS = ["a.test", "b.test", "*.test", "a.*", "*.a.test", "a.test:80", "*.test:443", "a.*:80", "A.Test"]
HEADERS = [{"x": ["1"]}, {"x": ["1", "2"]}, {"X": ["~*^b"], "y": ["1"]}, {"x": ["~*a+"]}, {"y": ["Q"]}]
SNIS = ["s.test", "*.test", "s.*", "t.test."]


def some(values: list[Any]) -> st.SearchStrategy[list[Any] | None]:
    return st.none() | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


route_fields = st.fixed_dictionaries(
    {
        "methods": some(["GET", "POST"]),
        "hosts": some(HOSTS),
        "paths": some(PATHS),
        "headers": st.none() | st.sampled_from(HEADERS),
        "snis": st.none() | some(SNIS),
        "regex_priority": st.integers(0, 2),
        "created_at": st.integers(0, 1),
    }
)
queries = st.builds(
    a_query,
    st.sampled_from(["/", "/a", "/a/b", "/a/bc", "/ab", "/a/x", "/c", "/z", "/\udcff"]),
    method=st.sampled_from(["GET", "POST", "PUT"]),
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["a.test", "b.test", "x.a.test", "a.b", "", "test", ".test"]),
    port=st.sampled_from([80, 443, 8000]),
    sni=st.sampled_from([None, "s.test", "S.test.", "t.test", "s.x", "z"]),
    headers=st.sampled_from(
        [
            {},
            {b"x": [b"1"]},
            {b"x": [b"9", b"2"], b"y": [b"1"]},
            {b"x": [b"BAA"]},
            {b"y": [b"q"], b"x": [b"b"]},
        ]
    ),
)


def asks(route: dict[str, Any]) -> bool:
    return any(route[kind] for kind in ("methods", "hosts", "headers", "paths", "snis"))


def agree(router: Router, routes: list[dict[str, Any]], query: RouteQuery, flavor: str) -> None:
    found = router.match(query)
    answer = None if found is None else (found.route["id"], found.prefix)
    expected = slow_match(routes, query, flavor)
    if expected is not None and expected[1] is not None and not query.path.startswith(expected[1]):
        # "~/b|/c" may match further on; nothing can be stripped then.
        expected = (expected[0], None)
    assert answer == expected


@settings(max_examples=100, deadline=None)
@given(
    flavor=st.sampled_from(FLAVORS),
    fields=st.lists(route_fields, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 11), st.none() | route_fields), max_size=6),
    asked=st.lists(queries, min_size=1, max_size=4),
)
def test_agrees_with_trying_every_route(
    flavor: str, fields: list[Any], changes: list[Any], asked: list[RouteQuery]
) -> None:
    """After any puts, replacements and removals the answer is the one that trying all Routes gives."""
    router = Router(flavor)
    held = {}
    for number, field in enumerate(fields):
        held[number] = a_route(number, **field)
        assert router.put(held[number]) == ([] if asks(held[number]) else [ASKS_NOTHING])
    for query in asked:
        agree(router, list(held.values()), query, flavor)
    for number, change in changes:
        if change is None:
            gone = held.pop(number, None)
            assert router.remove(a_route(number)["id"]) == (gone is not None and asks(gone))
        else:
            held[number] = a_route(number, **change)
            router.put(held[number])
    for query in asked * 2:
        agree(router, list(held.values()), query, flavor)
    for route in held.values():
        assert router.remove(route["id"]) == asks(route)
    assert len(router) == 0
    assert not router._index._hosts
    assert not router._headers


def test_many_regexes_of_one_beginning() -> None:
    """With hundreds of regexes in one place, coming and going, the best one that matches is still found."""
    router = Router()
    routes = [a_route(n, paths=[rf"~/(?<who>\w+)/{n % 100}$"], regex_priority=n) for n in range(300)]
    for route in routes:
        router.put(route)
    for route in routes[250:290]:
        router.remove(route["id"])
    assert name_of(router, a_query("/me/50")) == "r150"
    assert name_of(router, a_query("/me/95")) == "r295"
    for route in routes[100:]:
        router.remove(route["id"])
    assert name_of(router, a_query("/me/50")) == "r50"
    assert name_of(router, a_query("/me/100")) is None


def test_captures() -> None:
    """A regex path gives its groups by number, and by name if they have one and took part."""
    router = Router()
    router.put(a_route(1, paths=[r"~/u/(?<id>\d+)(/x)?(?<rest>/y)?"]))
    found = router.match(a_query("/u/12/z"))
    assert found is not None
    assert found.prefix == "/u/12"
    assert found.captures is not None
    assert found.captures.named == {"id": "12"}
    assert found.captures.unnamed == ["12", None, None]


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_route_that_asks_for_nothing_takes_nothing(flavor: str) -> None:
    """One that was written as an expression must not catch every request when the flavour is another."""
    router = Router(flavor)
    assert router.put(a_route(1, expression='http.path == "/only"')) == [ASKS_NOTHING]
    assert len(router) == 0
    assert router.match(a_query("/x")) is None


def test_what_cannot_be_matched_is_told_and_left_out() -> None:
    """A regex that needs backtracking costs its Route that path only; a header regex costs it everything."""
    router = Router()
    problems = router.put(a_route(1, paths=["~/(?=x)", "/ok"]))
    assert len(problems) == 1
    assert problems[0].startswith("paths: ~/(?=x): ")
    assert name_of(router, a_query("/ok")) == "r1"
    assert router.put(a_route(2, headers={"x": ["~*(?=a)"]}, paths=["/b"])) != []
    assert name_of(router, a_query("/b", headers={b"x": [b"a"]})) is None
    assert router.remove(a_route(2)["id"]) is False


def test_a_refused_change_does_not_keep_the_old_route() -> None:
    """A Route whose new form cannot be matched is gone, not served as it was."""
    router = Router()
    router.put(a_route(1, paths=["/a"]))
    router.put(a_route(1, headers={"x": ["~*(?=a)"]}, paths=["/a"]))
    assert name_of(router, a_query("/a")) is None


def test_stream_routes_do_not_compete() -> None:
    """A Route of the stream proxy is no answer to an HTTP request."""
    router = Router()
    assert router.put(a_route(1, protocols=["tls"], snis=["a.test"])) == []
    assert len(router) == 0


def test_remembered_answers_are_shared_and_dropped_on_change() -> None:
    """The same request gets the same match until any Route changes; a miss is remembered too."""
    router = Router()
    router.put(a_route(1, paths=["/a"]))
    first = router.match(a_query("/a"))
    assert router.match(a_query("/a")) is first
    assert router.match(a_query("/b")) is None
    router.put(a_route(2, paths=["/b"]))
    assert name_of(router, a_query("/b")) == "r2"
    assert router.match(a_query("/a")) is not first
    router.forget()
    assert name_of(router, a_query("/a")) == "r1"


def test_memory_is_bounded() -> None:
    """However many different requests come, and however long they are, no more than the limit is kept."""
    router = Router(remembered=100)
    router.put(a_route(1, paths=["/a"]))
    for number in range(1000):
        router.match(a_query(f"/a/{number}"))
        router.match(a_query(f"/b/{number}"))
    assert len(router._young) + len(router._old) <= 100
    kept = len(router._young)
    assert name_of(router, a_query("/a" + "x" * 5000)) == "r1"
    assert len(router._young) == kept


def test_what_is_asked_often_stays_remembered() -> None:
    """A flood of new requests does not push out an answer that is in use."""
    router = Router(remembered=10)
    router.put(a_route(1, paths=["/a"]))
    first = router.match(a_query("/a"))
    for number in range(100):
        router.match(a_query(f"/flood/{number}"))
        assert router.match(a_query("/a")) is first


def test_headers_that_no_route_asks_for_do_not_divide_the_memory() -> None:
    """Requests that differ in other headers share one answer; those that differ in an asked one do not."""
    router = Router()
    router.put(a_route(1, paths=["/a"], headers={"x-v": ["1"]}))
    router.put(a_route(2, paths=["/a"]))
    one = router.match(a_query("/a", headers={b"x-v": [b"1"], b"cookie": [b"q"]}))
    assert router.match(a_query("/a", headers={b"x-v": [b"1"], b"cookie": [b"r"]})) is one
    assert name_of(router, a_query("/a", headers={b"x-v": [b"2"]})) == "r2"
    router.remove(a_route(1)["id"])
    assert router._headers == ()
