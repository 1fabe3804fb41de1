"""The router of a flavour."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.entries import Entry, Query
from twisted_kong.core.router.memory import RouteMatch
from twisted_kong.core.router.query import RouteQuery
from twisted_kong.core.router.router import Router


class AnyRouter(Protocol):
    """What every router does; see :class:`~twisted_kong.core.router.router.Router`."""

    def put(self, route: Entity) -> list[str]:
        """Add a Route or replace it; what of it cannot be matched is told."""
        ...

    def remove(self, route_id: str) -> bool:
        """Take a Route out; False if it was not there."""
        ...

    def forget(self) -> None:
        """Drop every remembered answer."""
        ...

    def match(self, query: RouteQuery) -> RouteMatch | None:
        """The Route for a request, None if there is none."""
        ...

    def asked(self, query: RouteQuery) -> Query:
        """A request as the entries see it."""
        ...

    def places(self, route_id: str) -> Sequence[tuple[Entry, Collection[str | None]]]:
        """The entries of a Route, each with the hosts that it is found under; none if it is not held."""
        ...

    def __len__(self) -> int: ...

    def __contains__(self, route_id: str) -> bool: ...


def make_router(flavor: str) -> AnyRouter:
    """An empty router.

    :param flavor: ``router_flavor``: "traditional_compatible", "traditional" or "expressions".
    """
    if flavor != "expressions":
        return Router(flavor)
    # The parser's library takes 0.1 s to import; nobody pays for it who does not use it.
    from twisted_kong.core.router.expressions.router import ExpressionRouter

    return ExpressionRouter()
