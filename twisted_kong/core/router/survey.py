"""Which Routes came near to a request, and what of each it did not meet.

Nothing is judged here that the router does not judge: the request is held against the router's own entries,
and each single condition against a router that holds a Route with nothing but that condition.
Of a Route several entries may be near (its paths, its places); the nearest speaks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import nsmallest
from typing import Any, NamedTuple

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.entries import Entry
from twisted_kong.core.router.index import HostIndex
from twisted_kong.core.router.making import AnyRouter, make_router
from twisted_kong.core.router.query import RouteQuery

_KINDS = ("hosts", "paths", "methods", "headers", "snis")
# Of what a condition wants, so many values are told.
_MOST_VALUES = 20


class Unmet(NamedTuple):
    """A condition that a request does not meet: what is wanted, and what the request has instead."""

    condition: str
    wanted: Any
    got: Any


class Near(NamedTuple):
    """A Route that is not taken; without ``unmet`` the request meets all, but another Route comes first."""

    route: Entity
    unmet: Unmet | None


class Survey:
    """Holds one request against many Routes, one after the other, and remembers the nearest.

    :param router: whose entries are looked at.
    :param flavor: the router's.
    """

    def __init__(self, router: AnyRouter, flavor: str, query: RouteQuery) -> None:
        self._router = router
        self._flavor = flavor
        self._query = query
        self._asked = router.asked(query)
        self._hosts: dict[str | None, bool] = {None: True}
        self._found: list[tuple[int, int, str]] = []
        self._routes: dict[str, Entity] = {}

    def look(self, route: Entity) -> bool:
        """Judge one Route; False if the router does not hold it."""
        nearest = min(
            (
                (self._distance(entry, hosts), entry.order)
                for entry, hosts in self._router.places(route["id"])
            ),
            default=None,
        )
        if nearest is None:
            return False
        self._found.append((*nearest, route["id"]))
        self._routes[route["id"]] = route
        return True

    def nearest(self, count: int, taken: str | None = None) -> Iterator[Near]:
        """The Routes that came nearest, by how much they miss, then by their priority.

        :param taken: the id of the Route that takes the request, to be left out.
        """
        for distance, _, id in nsmallest(count, (found for found in self._found if found[2] != taken)):
            route = self._routes[id]
            yield Near(route, first_unmet(route, self._flavor, self._query) if distance else None)

    def _distance(self, entry: Entry, hosts: Collection[str | None]) -> int:
        """How many of host, path and the rest are not met."""
        path = self._asked.path.startswith(entry.path or "")
        if entry.regex is not None:
            path = entry.regex.search(self._asked.raw) is not None
        return (not any(map(self._has_host, hosts))) + (not path) + (not entry.admits(self._asked))

    def _has_host(self, host: str | None) -> bool:
        known = self._hosts.get(host)
        if known is None:
            index = HostIndex()
            index.add(Entry({}, 0, 0, None, None), host)
            known = self._hosts[host] = index.best(self._asked) is not None
        return known


def first_unmet(route: Entity, flavor: str, query: RouteQuery) -> Unmet | None:
    """The first condition of a Route that a request does not meet; None if it meets all."""
    if flavor == "expressions":
        # As with the router, its parser is loaded by those only who use it.
        from twisted_kong.core.router.expressions.unmet import unmet_part

        found = unmet_part(route, query)
        return None if found is None else Unmet("expression", *found)
    for condition, wanted, alone in _single_conditions(route):
        probe = make_router(flavor)
        probe.put({"id": route["id"], "protocols": route.get("protocols"), **alone})
        if probe.match(query) is None:
            return Unmet(condition, wanted, _asked_for(condition, query))
    return None


def why_left_out(route: Entity, flavor: str) -> str:
    """Why a router does not hold a Route: what it says itself, empty if it would."""
    probe = make_router(flavor)
    problems = probe.put(route)
    if route["id"] in probe and probe.places(route["id"]):
        return ""
    return "; ".join(problems) or "it is for the stream proxy"


def _single_conditions(route: Entity) -> Iterator[tuple[str, Any, Entity]]:
    """Each condition with what it wants, and what a Route with nothing else has."""
    for kind in _KINDS:
        wanted = route.get(kind)
        if not wanted:
            continue
        if kind != "headers":
            yield kind, list(wanted)[:_MOST_VALUES], {kind: wanted}
            continue
        for name in sorted(wanted):
            yield f"headers.{name}", list(wanted[name])[:_MOST_VALUES], {kind: {name: wanted[name]}}


def _asked_for(condition: str, query: RouteQuery) -> Any:
    kind, _, name = condition.partition(".")
    if kind == "hosts":
        return f"{query.host}:{query.port}"
    if kind == "paths":
        return readable(query.path)
    if kind == "methods":
        return query.method
    if kind == "snis":
        return query.sni
    return [value.decode("utf-8", "replace") for value in query.header(name.lower().encode("utf-8"))]


def readable(path: str) -> str:
    """A path as text: of bytes that are no UTF-8 it tells only that they are there."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
