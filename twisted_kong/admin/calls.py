"""A request as the endpoints see it, and the table of endpoints they make up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.bodies import EMPTY, Body, Pairs
from twisted_kong.core.query import gathered
from twisted_kong.db.terms import NO_TERMS, Terms

READING = frozenset({"GET", "HEAD"})
METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

# Refuses a method at a path with {names}, by raising, to a caller who may not use it.
Permit = Callable[[str, str], None]


def everything(method: str, pattern: str) -> None:
    """Permits everything."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one endpoint.

    ``path`` is the path as it was sent (without query string and final slash), ``params`` what stood in the
    place of the endpoint's ``{names}``, decoded.  ``query`` is empty for POST, PUT and PATCH, ``body`` for
    the other methods.
    ``terms`` say who calls, for the log of changes: the address of the client's end of the connection.
    ``options`` is the query string whatever the method, ``accept`` what kinds of answer the client reads.
    ``permit`` tells what else the caller may do, for an endpoint that calls others.
    ``dry_run`` is asked of an endpoint that itself shows what it would do.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Pairs = field(default_factory=list)
    options: Pairs = field(default_factory=list)
    accept: str = ""
    body: Body = EMPTY
    terms: Terms = NO_TERMS
    permit: Permit = everything
    dry_run: bool = False

    @property
    def arguments(self) -> dict[str, str | list[str]]:
        """The query string as a mapping: the value, or the list of values, of each name."""
        return gathered(self.query)


Handler = Callable[[Call], Awaitable[Answer]]

# path with {names} -> method -> handler
Table = dict[str, dict[str, Handler]]


def allowed_methods(handlers: Mapping[str, Handler]) -> tuple[str, ...]:
    """The methods of an endpoint in the order of the Allow header: HEAD goes with GET, OPTIONS always is."""
    methods = {*handlers, "OPTIONS"}
    if "GET" in handlers:
        methods.add("HEAD")
    return tuple(sorted(methods))


def merged(*tables: Table) -> Table:
    """One table of several; where a path is in more than one, the later methods win and the others stay."""
    result: Table = {}
    for table in tables:
        for path, handlers in table.items():
            result.setdefault(path, {}).update(handlers)
    return result
