"""The router of Routes that are written as expressions; others beside them are translated first.

What was found is remembered as in the other router, by the values of whatever fields any Route asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any
from uuid import UUID

from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.candidates import FLAVORS
from twisted_kong.core.router.entries import Entry, HeaderRule, Query
from twisted_kong.core.router.expressions.checking import check
from twisted_kong.core.router.expressions.compiling import (
    Look,
    PathFound,
    Test,
    compile_look,
    compile_test,
)
from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.fields import Request, is_always_known, reader_of
from twisted_kong.core.router.expressions.needs import Needs, PathNeed, needs_of
from twisted_kong.core.router.expressions.parsing import parse
from twisted_kong.core.router.expressions.syntax import Node, predicates
from twisted_kong.core.router.expressions.translation import translate, with_protocols
from twisted_kong.core.router.index import HostIndex
from twisted_kong.core.router.memory import UNKNOWN, Key, Memory, RouteMatch
from twisted_kong.core.router.query import RouteQuery
from twisted_kong.core.router.regexes import compile_regex
from twisted_kong.core.router.router import ASKS_NOTHING, HTTP_PROTOCOLS

_ID_BITS = 128
# Kong: every expression stands above all Routes without one, whatever these ask for.
_ABOVE_ALL = 0xFF << 56
# A Route is found under so many combinations of host and path at most.
_MOST_PLACES = 64

_ANY_HOST: frozenset[str | None] = frozenset((None,))
_ANY_PATH: frozenset[PathNeed] = frozenset((("", None),))


def _preference(what: str) -> bool:
    # Addresses of clients tell Routes apart less often than all else.
    return what.startswith("net.")


class Keys:
    """What an expression's entries are kept by besides host and path; the index reads it like conditions.

    The first of what it calls headers is taken, which may be any field.
    """

    __slots__ = ("headers", "methods", "snis", "wild_snis")

    def __init__(self, needs: Needs) -> None:
        self.methods: frozenset[str] = needs.get("method", frozenset())
        self.snis: frozenset[str] = needs.get("sni", frozenset())
        self.wild_snis: tuple[str, ...] = ()
        self.headers: tuple[HeaderRule, ...] = tuple(
            (what.encode("utf-8"), needs[what], None)
            for what in sorted(needs, key=_preference)
            if "." in what
        )

    def __bool__(self) -> bool:
        return bool(self.methods or self.snis or self.headers)


class Compiled:
    """A tree made ready to run."""

    __slots__ = ("_look", "_node", "test")

    def __init__(self, node: Node) -> None:
        self.test: Test = compile_test(node)
        self._node: Node | None = node
        self._look: Look | None = None

    def matched(self, route: Entity, request: Request) -> RouteMatch:
        """The answer for a request that satisfies it."""
        node = self._node
        if node is not None:
            # Many Routes are never asked for: what tells the prefix is made at the first answer.
            self._look, self._node = compile_look(node), None
        found = PathFound()
        if self._look is not None:
            self._look(request, found)
        return RouteMatch(route, found.prefix, found.captures)


class ExpressionEntry(Entry):
    """A place of the index in which an expression is found; the expression itself decides."""

    __slots__ = ("compiled", "test")

    def __init__(
        self, route: Entity, rank: int, compiled: Compiled, keys: Keys | None, path: PathNeed
    ) -> None:
        beginning, pattern = path
        regex = None if pattern is None else compile_regex("^" + pattern)
        conditions: Any = keys
        super().__init__(route, rank, 0, conditions, None if regex else beginning, pattern, regex)
        self.compiled = compiled
        self.test: Callable[[Any], bool] = compiled.test

    @override
    def admits(self, query: Query) -> bool:
        return self.test(query)


class _Held:
    """What is there of one Route."""

    __slots__ = ("entries", "fields")

    def __init__(self) -> None:
        self.entries: list[tuple[ExpressionEntry, frozenset[str | None]]] = []
        self.fields: set[str] = set()


class ExpressionRouter(Memory):
    """The Routes of one node whose ``router_flavor`` is "expressions".

    :param remembered: how many answers to remember, about.
    """

    def __init__(self, *, remembered: int = 10_000) -> None:
        super().__init__(remembered)
        self._index = HostIndex()
        self._routes: dict[str, _Held] = {}
        self._field_counts: dict[str, int] = {}
        self._readers: tuple[Callable[[Request], Any], ...] = ()

    def __len__(self) -> int:
        return len(self._routes)

    def __contains__(self, route_id: str) -> bool:
        return route_id in self._routes

    def put(self, route: Entity) -> list[str]:
        """Add a Route or replace it by its new form; one for the stream proxy is left out.

        What cannot be matched is left out, and told in what is returned: one text for each, for the log.
        """
        self.remove(route["id"])
        if not HTTP_PROTOCOLS.intersection(route.get("protocols") or HTTP_PROTOCOLS):
            return []
        held = _Held()
        problems: list[str] = []
        for rank, node in trees_of(route, problems):
            compiled, needs = Compiled(node), needs_of(node)
            keys = Keys(needs) or None
            hosts, paths = _places(needs)
            held.entries += [(ExpressionEntry(route, rank, compiled, keys, path), hosts) for path in paths]
            held.fields |= {predicate.field.name for predicate in predicates(node)}
        for entry, hosts in held.entries:
            for host in hosts:
                self._index.add(entry, host)
        self._routes[route["id"]] = held
        self._count_fields(held.fields, 1)
        return problems

    def remove(self, route_id: str) -> bool:
        """Take a Route out; False if it was not there."""
        self.forget()
        held = self._routes.pop(route_id, None)
        if held is None:
            return False
        for entry, hosts in held.entries:
            for host in hosts:
                self._index.remove(entry, host)
        self._count_fields(held.fields, -1)
        return True

    def match(self, query: RouteQuery) -> RouteMatch | None:
        """The Route for a request, None if there is none."""
        request = None
        key: Key = query[:6]
        if self._readers:
            request = Request(query)
            key = (*key, *[_as_key(read(request)) for read in self._readers])
        found = self._young.get(key, UNKNOWN)
        if found is UNKNOWN:
            found = self._old.get(key, UNKNOWN)
            if found is UNKNOWN:
                found = self._search(request or Request(query))
            self._remember(key, found)
        answer: RouteMatch | None = found
        return answer

    def asked(self, query: RouteQuery) -> Request:
        """A request as the entries see it."""
        return Request(query)

    def places(self, route_id: str) -> list[tuple[ExpressionEntry, Collection[str | None]]]:
        """The entries of a Route, each with the hosts that it is found under; none if it is not held."""
        held = self._routes.get(route_id)
        return [] if held is None else list(held.entries)

    def _search(self, request: Request) -> RouteMatch | None:
        entry = self._index.best(request)
        if entry is None:
            return None
        assert isinstance(entry, ExpressionEntry)
        return entry.compiled.matched(entry.route, request)

    def _count_fields(self, names: Iterable[str], step: int) -> None:
        changed = False
        for name in names:
            if is_always_known(name):
                continue
            count = self._field_counts.get(name, 0) + step
            changed = changed or count in (0, step)
            if count:
                self._field_counts[name] = count
            else:
                del self._field_counts[name]
        if changed:
            self._readers = tuple(reader_of(name) for name in sorted(self._field_counts))


def _as_key(value: Any) -> tuple[Any, ...]:
    """The value of a field as a part of what answers are remembered by."""
    if isinstance(value, list):
        return tuple(value)
    return () if value is None else (str(value),)


def trees_of(route: Entity, problems: list[str]) -> list[tuple[int, Node]]:
    """The trees of a Route, each with its place in the order of all; of all that match, the greatest wins.

    What of it cannot be matched is added to ``problems``.
    """
    text: str | None = route.get("expression")
    try:
        if text:
            node = with_protocols(parse(text), route.get("protocols"))
            check(node)
            rank = (_ABOVE_ALL | (route.get("priority") or 0)) << _ID_BITS | UUID(route["id"]).int
            return [(rank, node)]
    except ExpressionError as error:
        problems.append(f"expression: {error}")
        return []
    return _translated(route, problems)


def _translated(route: Entity, problems: list[str]) -> list[tuple[int, Node]]:
    found: list[tuple[int, Node]] = []
    for candidate in FLAVORS["traditional_compatible"](route):
        paths = list(candidate.paths)
        node = translate(route, paths)
        if node is None:
            problems.append(ASKS_NOTHING)
            continue
        try:
            check(node, limited=False)
        except ExpressionError as error:
            problems.append(str(error))
            continue
        found.append((candidate.rank, node))
    return found


def _places(needs: Needs) -> tuple[frozenset[str | None], frozenset[PathNeed]]:
    hosts: frozenset[str | None] = needs.get("host") or _ANY_HOST
    paths: frozenset[PathNeed] = needs.get("path") or _ANY_PATH
    if len(hosts) * len(paths) > _MOST_PLACES:
        return (_ANY_HOST, paths) if len(hosts) > len(paths) else (hosts, _ANY_PATH)
    return hosts, paths
