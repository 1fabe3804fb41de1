"""What the index holds: one candidate with one of its paths, in lists kept best first.

A candidate with two hosts and three paths is found under six places of the index, but is three entries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.regexes import compile_regex

HeaderRule = tuple[bytes, frozenset[bytes], Any]
"""A lower-case header name, the lower-case values that it may have, or a regex that one must match."""

# Paths of one Route share a rank; the earlier one comes first.
_POSITION_BITS = 16
_LAST_POSITION = (1 << _POSITION_BITS) - 1

_order = attrgetter("order")


class Query:
    """A request as the index sees it: made once per request that the LRU does not know."""

    __slots__ = ("header", "host", "method", "path", "port", "raw", "secure", "sni")

    def __init__(
        self,
        method: str,
        secure: bool,
        host: str,
        port: int,
        path: str,
        sni: str | None,
        header: Callable[[bytes], list[bytes]],
    ) -> None:
        self.method = method
        self.secure = secure
        self.host = host
        self.port = port
        self.path = path
        self.raw = path.encode("utf-8", "surrogateescape")
        self.sni = sni.rstrip(".").lower() if sni else ""
        self.header = header

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header in lower case, as the index keeps entries by them."""
        return [value.lower() for value in self.header(name)]


class Conditions:
    """What a candidate asks besides host and path; shared by its entries.

    :raises BadRegex: a header's pattern cannot be run.
    """

    __slots__ = ("headers", "methods", "snis", "wild_snis")

    def __init__(self, route: Entity) -> None:
        self.methods = frozenset(route.get("methods") or ())
        self.headers = _header_rules(route.get("headers") or {})
        snis = [name.rstrip(".").lower() for name in route.get("snis") or ()]
        self.snis = frozenset(name for name in snis if "*" not in name)
        self.wild_snis = tuple(name for name in snis if "*" in name)

    def __bool__(self) -> bool:
        return bool(self.methods or self.headers or self.snis or self.wild_snis)

    def admit(self, query: Query) -> bool:
        """Whether a request meets all of them."""
        if self.methods and query.method not in self.methods:
            return False
        # Kong: a plain request satisfies ``snis``, so that a Route for https only can redirect it.
        if query.secure and (self.snis or self.wild_snis) and not self._knows(query.sni):
            return False
        return all(_has_value(query.header(name), values, regex) for name, values, regex in self.headers)

    def _knows(self, sni: str) -> bool:
        return bool(sni) and (sni in self.snis or any(_fits(sni, wild) for wild in self.wild_snis))


def _fits(name: str, wildcard: str) -> bool:
    if wildcard.startswith("*"):
        return name.endswith(wildcard[1:])
    return name.startswith(wildcard[:-1])


def _header_rules(headers: dict[str, list[str]]) -> tuple[HeaderRule, ...]:
    rules: list[HeaderRule] = []
    for name, values in headers.items():
        key = name.lower().encode("utf-8")
        if len(values) == 1 and values[0].startswith("~*"):
            rules.append((key, frozenset(), compile_regex(values[0][2:])))
        else:
            rules.append((key, frozenset(value.encode("utf-8").lower() for value in values), None))
    return tuple(sorted(rules, key=lambda rule: rule[0]))


def _has_value(values: list[bytes], wanted: frozenset[bytes], regex: Any) -> bool:
    if regex is not None:
        return any(regex.search(value.lower()) is not None for value in values)
    return any(value.lower() in wanted for value in values)


class Entry:
    """A candidate with one of its paths.

    ``order`` sorts the best first.
    ``path`` is the plain path, None where the Route has none or where ``regex``, then set, takes its place.
    """

    __slots__ = ("conditions", "order", "path", "pattern", "regex", "route")

    def __init__(
        self,
        route: Entity,
        rank: int,
        position: int,
        conditions: Conditions | None,
        path: str | None,
        pattern: str | None = None,
        regex: Any = None,
    ) -> None:
        self.route = route
        self.order = -(rank << _POSITION_BITS | _LAST_POSITION - min(position, _LAST_POSITION))
        self.conditions = conditions
        self.path = path
        self.pattern = pattern
        self.regex = regex

    def admits(self, query: Query) -> bool:
        """Whether a request meets the conditions besides host and path."""
        conditions = self.conditions
        return conditions is None or conditions.admit(query)


def insert(entries: list[Entry], entry: Entry) -> None:
    """Put an entry into its place of a list kept best first."""
    entries.insert(bisect_left(entries, entry.order, key=_order), entry)


def discard(entries: list[Entry], entry: Entry) -> bool:
    """Take an entry out of a list kept best first; False if it was not there."""
    at = bisect_left(entries, entry.order, key=_order)
    while at < len(entries) and entries[at].order == entry.order:
        if entries[at] is entry:
            del entries[at]
            return True
        at += 1
    return False
