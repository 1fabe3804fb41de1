"""Finding the Route of a request; changed one Route at a time, with a bounded memory of past answers.

What was found – or not found – is remembered by everything that a Route may look at: method, scheme, host,
port, path, SNI and the values of those headers that any Route asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.candidates import ATTRIBUTES, FLAVORS, Candidate, is_regex
from twisted_kong.core.router.entries import Conditions, Entry, Query
from twisted_kong.core.router.index import HostIndex
from twisted_kong.core.router.memory import UNKNOWN, Memory, RouteMatch
from twisted_kong.core.router.query import RouteQuery
from twisted_kong.core.router.regexes import BadRegex, captures_of, compile_regex, decode

ASKS_NOTHING = "it asks for nothing that this router knows"
"""What is told of a Route that is left out because it would take everything."""

HTTP_PROTOCOLS = frozenset({"http", "https", "grpc", "grpcs"})
"""Routes of other protocols belong to the stream proxy, which asks no path and no header."""


class Router(Memory):
    """The Routes of one node.

    :param flavor: ``router_flavor``: "traditional_compatible" or "traditional".
    :param remembered: how many answers to remember, about.
    """

    def __init__(self, flavor: str = "traditional_compatible", *, remembered: int = 10_000) -> None:
        super().__init__(remembered)
        self._candidates = FLAVORS[flavor]
        self._index = HostIndex()
        self._routes: dict[str, tuple[list[Entry], list[str | None], list[bytes]]] = {}
        self._header_counts: dict[bytes, int] = {}
        self._headers: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self._routes)

    def __contains__(self, route_id: str) -> bool:
        return route_id in self._routes

    def put(self, route: Entity) -> list[str]:
        """Add a Route or replace it by its new form; one for the stream proxy is left out.

        What cannot be matched – a regex that needs backtracking – is left out, and told in what is returned:
        one text for each, meant for the log.
        """
        self.remove(route["id"])
        if not HTTP_PROTOCOLS.intersection(route.get("protocols") or HTTP_PROTOCOLS):
            return []
        if not any(route.get(attribute) for attribute in ATTRIBUTES):
            # It was written as an expression, for another flavour.
            return [ASKS_NOTHING]
        problems: list[str] = []
        try:
            conditions = Conditions(route)
        except BadRegex as error:
            return [f"headers: {error}"]
        entries: list[Entry] = []
        for candidate in self._candidates(route):
            entries += _entries_of(route, candidate, len(entries), conditions, problems)
        hosts = _hosts_of(route)
        for entry in entries:
            for host in hosts:
                self._index.add(entry, host)
        names = [name for name, _, _ in conditions.headers]
        self._routes[route["id"]] = (entries, hosts, names)
        self._count_headers(names, 1)
        return problems

    def remove(self, route_id: str) -> bool:
        """Take a Route out; False if it was not there."""
        self.forget()
        held = self._routes.pop(route_id, None)
        if held is None:
            return False
        entries, hosts, names = held
        for entry in entries:
            for host in hosts:
                self._index.remove(entry, host)
        self._count_headers(names, -1)
        return True

    def match(self, query: RouteQuery) -> RouteMatch | None:
        """The Route for a request, None if there is none."""
        names = self._headers
        if names:
            header = query.header
            key: tuple[Any, ...] = (*query[:6], *[tuple(header(name)) for name in names])
        else:
            key = query[:6]
        found = self._young.get(key, UNKNOWN)
        if found is UNKNOWN:
            found = self._old.get(key, UNKNOWN)
            if found is UNKNOWN:
                found = self._search(query)
            self._remember(key, found)
        answer: RouteMatch | None = found
        return answer

    def asked(self, query: RouteQuery) -> Query:
        """A request as the entries see it."""
        method, scheme, host, port, path, sni, header = query[:7]
        return Query(method, scheme == "https", host, port, path, sni, header)

    def places(self, route_id: str) -> list[tuple[Entry, Collection[str | None]]]:
        """The entries of a Route, each with the hosts that it is found under; none if it is not held."""
        entries, hosts, _ = self._routes.get(route_id, ((), (), ()))
        return [(entry, hosts) for entry in entries]

    def _search(self, query: RouteQuery) -> RouteMatch | None:
        # As asked() does, without the call: this runs for every request that is new.
        method, scheme, host, port, path, sni, header = query[:7]
        asked = Query(method, scheme == "https", host, port, path, sni, header)
        entry = self._index.best(asked)
        if entry is None:
            return None
        if entry.regex is None:
            return RouteMatch(entry.route, entry.path, None)
        match = entry.regex.search(asked.raw)
        # A pattern like "a|b" is bound to the start in its first branch only, as in Kong; only what was
        # matched at the start can be stripped.
        prefix = decode(match.group(0)) if match.span()[0] == 0 else None
        return RouteMatch(entry.route, prefix, captures_of(match))

    def _count_headers(self, names: Iterable[bytes], step: int) -> None:
        for name in names:
            count = self._header_counts.get(name, 0) + step
            if count:
                self._header_counts[name] = count
            else:
                del self._header_counts[name]
        if len(self._headers) != len(self._header_counts) or not self._header_counts.keys() >= set(
            self._headers
        ):
            self._headers = tuple(sorted(self._header_counts))


def _hosts_of(route: Entity) -> list[str | None]:
    hosts: list[str] = route.get("hosts") or []
    return list(dict.fromkeys(host.lower() for host in hosts)) if hosts else [None]


def _entries_of(
    route: Entity, candidate: Candidate, position: int, conditions: Conditions, problems: list[str]
) -> list[Entry]:
    needed = conditions if conditions else None
    if not candidate.paths:
        return [Entry(route, candidate.rank, position, needed, None)]
    entries = []
    for number, path in enumerate(dict.fromkeys(candidate.paths), position):
        if not is_regex(path):
            entries.append(Entry(route, candidate.rank, number, needed, path))
            continue
        try:
            regex = compile_regex("^" + path[1:])
        except BadRegex as error:
            problems.append(f"paths: {path}: {error}")
            continue
        entries.append(Entry(route, candidate.rank, number, needed, None, path[1:], regex))
    return entries
