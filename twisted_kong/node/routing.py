"""Keeps the Routes and Services of a node, and the router over those Routes that may be matched.

A Route whose Service is unknown or disabled is not in the router.
So whoever has matched a Route finds its Service in :attr:`RouterHolder.services`, always: a Service that goes
or is disabled stays there until the last of its Routes is out of the router.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.router import AnyRouter, RouteMatch, RouteQuery
from twisted_kong.node.holder import Holder
from twisted_kong.node.reading import Key, Reader


class RouterHolder(Holder):
    """The router of a node, kept current.

    :param router: an empty router; only this holder changes it.
    :param ttl: and the further options, see :class:`~twisted_kong.node.holder.Holder`.
    """

    _log = Logger()

    def __init__(
        self,
        router: AnyRouter,
        services: Reader,
        routes: Reader,
        clock: IReactorTime,
        *,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        readers = {"services": services, "routes": routes}
        super().__init__(readers, clock, ttl=ttl, page_size=page_size, changed=changed)
        self.router = router
        # The Route for a request; its Service, if it has one, is in services.
        self.match: Callable[[RouteQuery], RouteMatch | None] = router.match
        # The Routes of each Service by id, as the rows held say; in the router or not.
        self._routes_of: dict[str, dict[str, None]] = {}

    def service_of(self, route: Entity) -> Entity | None:
        """The Service of a Route that was matched; None if it has none."""
        id = _service_of(route)
        return None if id is None else self.services.get(id)

    @property
    def services(self) -> Mapping[str, Entity]:
        """The Services by id."""
        return self.rows["services"]

    @property
    def routes(self) -> Mapping[str, Entity]:
        """The Routes by id, also those that cannot be matched."""
        return self.rows["routes"]

    @override
    def _references(self, kind: str, row: Entity) -> Iterable[Key]:
        service = _service_of(row) if kind == "routes" else None
        return () if service is None else (("services", service),)

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if kind == "routes":
            self._change_route(id, old, new)
        else:
            yield from self._change_service(id, old, new)

    def _change_route(self, id: str, old: Entity | None, new: Entity | None) -> None:
        before = None if old is None else _service_of(old)
        after = None if new is None else _service_of(new)
        if before is not None and before != after:
            siblings = self._routes_of[before]
            siblings.pop(id, None)
            if not siblings:
                del self._routes_of[before]
        if after is not None:
            self._routes_of.setdefault(after, {})[id] = None
        self._place(id, new, None if after is None else self.services.get(after))

    def _change_service(self, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if _is_usable(old) == _is_usable(new):
            # Its Routes stay as they are, but what was derived from it must be derived again.
            self._hold("services", id, new)
            self.router.forget()
            return
        if _is_usable(new):
            self._hold("services", id, new)
        for route_id in tuple(self._routes_of.get(id, ())):
            self._place(route_id, self.routes.get(route_id), new)
            yield

    def _place(self, id: str, route: Entity | None, service: Entity | None) -> None:
        """Put a Route into the router, or take it out, as it and its Service say."""
        if route is None or (_service_of(route) is not None and not _is_usable(service)):
            self.router.remove(id)
            return
        try:
            problems = self.router.put(route)
        except Exception:
            # A Route that cannot be indexed is not served in its old form either, and harms no other.
            self._log.failure("route {id} cannot be matched", id=id)
            self.router.remove(id)
            return
        for problem in problems:
            self._log.error("route {id}: {problem}", id=id, problem=problem)


def _service_of(route: Entity) -> str | None:
    reference = route.get("service")
    return None if reference is None else reference["id"]


def _is_usable(service: Entity | None) -> bool:
    return service is not None and bool(service.get("enabled", True))
