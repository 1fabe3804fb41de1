"""A Route's place in the order of all Routes is the one that Kong gives it."""

from __future__ import annotations

from uuid import UUID, uuid5

import pytest

from tests.kit.routes import GROUPS, a_route
from twisted_kong.core.router.candidates import FLAVORS, is_regex

COMPATIBLE, TRADITIONAL = FLAVORS["traditional_compatible"], FLAVORS["traditional"]


@pytest.mark.parametrize(
    ("fields", "priority"),
    [
        ({"methods": ["GET"]}, 1 << 61),
        ({"paths": ["/abc"]}, 1 << 61 | 4),
        ({"paths": ["/\u00e9"]}, 1 << 61 | 3),
        ({"paths": ["/" + "a" * 600_000]}, 1 << 61 | (1 << 19) - 1),
        ({"paths": ["~/a"], "regex_priority": 5}, 1 << 61 | 1 << 51 | 5 << 19),
        ({"paths": ["/a"], "regex_priority": 5}, 1 << 61 | 2),
        ({"hosts": ["a.test"]}, 1 << 61 | 1 << 60),
        ({"hosts": ["a.test", "*.b.test"]}, 1 << 61),
        ({"headers": {"a": ["1"], "b": ["1"]}}, 1 << 61 | 2 << 52),
        ({"headers": {f"h{n}": ["1"] for n in range(300)}}, 1 << 61 | 255 << 52),
        (
            {"methods": ["GET"], "hosts": ["a"], "headers": {"a": ["1"]}, "snis": ["s"], "paths": ["/"]},
            5 << 61 | 1 << 60 | 1 << 52 | 1,
        ),
    ],
)
def test_compatible_priority(fields: dict[str, object], priority: int) -> None:
    """The 64 bits hold weight, plain hosts, headers, regex, its priority, and the length of the path."""
    route = a_route(1, **fields)
    [candidate] = COMPATIBLE(route)
    assert candidate.rank >> 128 == priority
    assert candidate.rank & (1 << 128) - 1 == UUID(route["id"]).int


def test_paths_of_several_kinds_compete_apart() -> None:
    """All regexes make one group, plain paths one per length, each with an id of its own."""
    route = a_route(1, paths=["/a", "~/x", "/b", "/long", "~/y"])
    groups = {candidate.paths: candidate.rank & (1 << 128) - 1 for candidate in COMPATIBLE(route)}
    assert groups == {
        ("/a", "/b"): uuid5(GROUPS, f"{route['id']}#2").int,
        ("~/x", "~/y"): uuid5(GROUPS, f"{route['id']}#0").int,
        ("/long",): uuid5(GROUPS, f"{route['id']}#5").int,
    }


def test_paths_of_one_kind_stay_together() -> None:
    """A Route whose paths are alike competes under its own id."""
    route = a_route(1, paths=["/a", "/b"])
    [candidate] = COMPATIBLE(route)
    assert candidate.rank & (1 << 128) - 1 == UUID(route["id"]).int


def test_traditional_order() -> None:
    """More kinds first, then the weightier kind, host and path kinds, headers, length, age."""
    descending = [
        a_route(1, hosts=["*.a:80"], paths=["/a"]),
        a_route(2, hosts=["a"], paths=["~/a"], regex_priority=7),
        a_route(3, hosts=["a"], paths=["~/a/b"], regex_priority=6),
        a_route(4, hosts=["a"], paths=["/a/b"]),
        a_route(5, hosts=["a"], paths=["/a"], created_at=1),
        a_route(6, hosts=["a"], paths=["/a"], created_at=2),
        a_route(7, hosts=["*.a"], paths=["/a"]),
        a_route(8, hosts=["a"], methods=["GET"]),
        a_route(9, headers={"a": ["1"]}, methods=["GET"]),
        a_route(10, hosts=["a"]),
        a_route(11, headers={"a": ["1"], "b": ["1"]}),
        a_route(12, headers={"a": ["1"]}),
        a_route(13, paths=["/a"]),
        a_route(14, methods=["GET"]),
    ]
    ranks = [TRADITIONAL(route)[0].rank for route in descending]
    assert ranks == sorted(ranks, reverse=True)


def test_traditional_splits_by_path() -> None:
    """Each path competes by itself."""
    assert [candidate.paths for candidate in TRADITIONAL(a_route(1, paths=["/a", "/b"]))] == [
        ("/a",),
        ("/b",),
    ]
    assert [candidate.paths for candidate in TRADITIONAL(a_route(1, methods=["GET"]))] == [()]


def test_regex_mark() -> None:
    """Only a leading ``~`` makes a path a regex."""
    assert is_regex("~/a")
    assert not is_regex("/~a")
