"""The index looks in few places and forgets what was taken out."""

from __future__ import annotations

import pytest

from tests.kit.routes import a_route
from twisted_kong.core.router.entries import Conditions, Entry, Query
from twisted_kong.core.router.index import HostIndex, PathIndex, has_port


def an_entry(number: int, path: str | None = None, **fields: object) -> Entry:
    route = a_route(number, paths=[path] if path else None, **fields)
    conditions = Conditions(route)
    return Entry(route, number, 0, conditions if conditions else None, path)


def asked(path: str, method: str = "GET", host: str = "a.test", port: int = 80, **headers: bytes) -> Query:
    values = {name.encode(): [value] for name, value in headers.items()}
    return Query(method, False, host, port, path, None, lambda name: values.get(name, []))


def test_best_of_all_beginnings_wins() -> None:
    """A shorter path of higher rank beats a longer one of lower rank."""
    index = PathIndex()
    short, long = an_entry(2, "/a"), an_entry(1, "/a/b")
    index.add(short)
    index.add(long)
    assert index.best(asked("/a/b/c"), None) is short
    index.remove(short)
    assert index.best(asked("/a/b/c"), None) is long
    assert index.best(asked("/a"), None) is None
    assert index.best(asked("/a/b"), an_entry(5)) is not long


@pytest.mark.parametrize("fields", [{"methods": ["PUT"]}, {"headers": {"x": ["9"]}}, {"snis": ["s.test"]}])
def test_thousands_in_one_place_are_not_tried_one_by_one(fields: dict[str, object]) -> None:
    """Routes of one path that differ by method, header or SNI are found by these, not one after the other."""
    index = PathIndex()
    tried: list[Entry] = []

    class Counted(Entry):
        __slots__ = ()

        def admits(self, query: Query) -> bool:
            tried.append(self)
            return super().admits(query)

    for number in range(200):
        route = a_route(number, paths=["/"], **({"headers": {"x": [str(number)]}} if number else fields))
        index.add(Counted(route, number, 0, Conditions(route), "/"))
    index.best(asked("/", x=b"77"), None)
    assert 1 <= len(tried) <= 3


def test_hosts_with_wildcards_and_ports() -> None:
    """A host is found as itself, by its parents and its beginnings, with and without its port."""
    index = HostIndex()
    entries = {}
    for number, host in enumerate(
        ["a.b.test", "*.b.test", "a.*", "a.b.*:81", "*.test:81", None, "*.test:80"]
    ):
        entries[host] = an_entry(10 - number)
        index.add(entries[host], host)
    found = []
    for host, entry in entries.items():
        best = index.best(asked("/", host="a.b.test", port=81))
        found.append(None if best is None else best.route["name"])
        index.remove(entry, host)
    assert found == ["r10", "r9", "r8", "r7", "r6", "r5", None]
    assert not index._hosts
    assert not index._kinds


def test_taking_out_what_is_not_there_is_harmless() -> None:
    """Removing twice, or from a host never seen, changes nothing."""
    index = HostIndex()
    entry = an_entry(1, "/a")
    index.remove(entry, "a.test")
    index.add(entry, None)
    index.remove(an_entry(2, "/b"), None)
    assert index.best(asked("/a")) is entry


def test_port_in_a_host() -> None:
    """The port is what follows the last colon, unless the colon belongs to an IPv6 address."""
    assert has_port("a.test:80")
    assert has_port("[::1]:80")
    assert not has_port("a.test")
    assert not has_port("[::1]")
    assert not has_port("8080")
