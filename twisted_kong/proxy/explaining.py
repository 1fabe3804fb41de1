"""What the proxy would do with a request, and why not something else; nothing is sent anywhere.

The Route is found by the router that serves requests, asked by what asks it for them; the way to the Service
is the plan that requests get; the plugins are told by the node's own plan of them.
What plugins do to a request is not foreseen, nor is whether they let it pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.core.plan_survey import Chosen, Ids, choose, scope_of, why_not
from twisted_kong.core.router import RouteQuery
from twisted_kong.core.router.survey import Near, Survey, first_unmet, readable, why_left_out
from twisted_kong.db.turns import Turns
from twisted_kong.node.balancing import Balancing
from twisted_kong.node.plugin_rows import PluginHolder
from twisted_kong.node.routing import RouterHolder
from twisted_kong.pdk.chains import PHASES
from twisted_kong.proxy.described import Described, read
from twisted_kong.proxy.exchange import NO_ROUTE, NO_SERVICE, NOT_GRPC, USE_HTTP2, USE_HTTPS
from twisted_kong.proxy.plan import Plan, bracketed, make_plan
from twisted_kong.proxy.queries import query_maker
from twisted_kong.proxy.request_heads import host_header
from twisted_kong.proxy.settings import Settings

# Routes and rows told of that are not taken.
MOST_ROUTES = 10
MOST_ROWS = 50
MOST_ADDRESSES = 100
# Rows looked at before others have their turn, if it is time.
_PIECE = 50
# Run without regard to the Route, for rows bound to nothing.
_EARLY = frozenset(("certificate", "rewrite"))


class Explainer:
    """Explains requests by what one node holds.

    :param flavor: ``router_flavor``.
    :param handlers: of the loaded plugins, by name.
    """

    def __init__(
        self,
        routing: RouterHolder,
        plugins: PluginHolder,
        balancing: Balancing,
        handlers: Mapping[str, Any],
        settings: Settings,
        flavor: str,
        clock: IReactorTime,
    ) -> None:
        self._routing = routing
        self._plugins = plugins
        self._balancing = balancing
        self._handlers = handlers
        self._priorities = {name: handler.PRIORITY for name, handler in handlers.items()}
        self._settings = settings
        self._flavor = flavor
        self._query_of = query_maker(flavor)
        self._clock = clock

    async def explain(
        self, asked: Described, consumer_id: str | None = None, told_by: str | None = None
    ) -> dict[str, Any]:
        """What becomes of a request; JSON.

        :param consumer_id: the Consumer that is taken to ask.
        :param told_by: the plugin that finds that out.
        :raises CannotBeSent: the request reaches no Route at all.
        """
        visitor, head, context = read(asked, self._settings.limits)
        query = self._query_of(visitor, head, context)
        match = self._routing.match(query)
        plan = None
        if match is not None:
            plan = match.memo or make_plan(
                match,
                self._routing.service_of(match.route),
                query.path,
                self._balancing,
                path_handling=self._settings.path_handling,
            )
        answered = _answer_of(plan, context)
        # Who is refused by the node itself meets only what is bound to nothing.
        early = plan is None or (answered is not None and answered["status"] != 503)
        ids = Ids() if early else _ids_of(plan, consumer_id)
        chosen = choose(self._plugins.plan, self._priorities, ids, told_by)
        turns = Turns(self._clock)
        route = None if plan is None else plan.route
        taken: str | None = None if route is None else route["id"]
        return {
            "request": _shown(query),
            "route": _named(route),
            "matched": None
            if match is None
            else {"prefix": None if match.prefix is None else readable(match.prefix)},
            "service": _named(None if plan is None else plan.service),
            "answer": answered,
            "upstream": None if plan is None or answered else self._upstream(plan, context),
            "plugins": [self._row(row, early, asked.scheme) for row in chosen.rows],
            "authenticated_by": chosen.told_by,
            "other_plugins": await self._other_rows(ids, chosen, turns),
            "other_routes": await self._other_routes(query, taken, turns),
        }

    # The way to the Service.

    def _upstream(self, plan: Plan, context: RequestContext) -> dict[str, Any]:
        service, head = plan.service, context.head
        assert service is not None
        way = plan.way(head.method, head.query)
        target = plan.target_path if head.query is None else plan.target_path + b"?" + head.query
        host, port = service["host"], service["port"]
        row, peers = self._balancing.known(host, port)
        health = self._balancing.health
        addresses = [
            {
                "ip": peer.ip,
                "port": peer.port,
                "target": peer.name,
                "weight": peer.weight if row is not None else None,
                "host_header": host_header(context, plan, way, peer).decode("latin-1"),
                "available": row is None or (peer.weight > 0 and (health is None or health.available(peer))),
            }
            for peer in peers[:MOST_ADDRESSES]
        ]
        return {
            "method": head.method.decode("latin-1"),
            "uri": f"{service['protocol']}://{bracketed(host)}:{port}{target.decode('latin-1')}",
            "upstream": _named(row),
            "algorithm": None if row is None else row.get("algorithm"),
            "addresses": addresses,
        }

    # Plugins.

    def _row(self, row: Entity, early: bool, scheme: str) -> dict[str, Any]:
        handler = self._handlers[row["name"]]
        left_out = set() if _is_global(row) else set(_EARLY)
        if scheme != "https":
            left_out.add("certificate")
        if early:
            left_out |= {"access", "response"}
        phases = [phase for phase in PHASES if phase not in left_out and hasattr(handler, phase)]
        return {**_plugin(row), "priority": handler.PRIORITY, "phases": phases}

    async def _other_rows(self, ids: Ids, chosen: Chosen, turns: Turns) -> list[dict[str, Any]]:
        running = {row["name"]: row for row in chosen.rows}
        found: list[dict[str, Any]] = []
        for number, row in enumerate(tuple(self._plugins.plugins.values())):
            if number % _PIECE == 0:
                await turns.pause()
            reason = why_not(self._plugins.plan, row, ids, chosen)
            if reason is None:
                continue
            by = running.get(row["name"]) if reason in ("overridden", "too_early") else None
            found.append({**_plugin(row), "reason": reason, "by": None if by is None else by["id"]})
            if len(found) == MOST_ROWS:
                break
        return found

    # Routes.

    async def _other_routes(self, query: RouteQuery, taken: str | None, turns: Turns) -> list[dict[str, Any]]:
        survey = Survey(self._routing.router, self._flavor, query)
        outside: list[dict[str, Any]] = []
        for number, route in enumerate(tuple(self._routing.routes.values())):
            if number % _PIECE == 0:
                await turns.pause()
            if not survey.look(route) and len(outside) < MOST_ROUTES:
                reason = self._why_outside(route, query)
                if reason is not None:
                    outside.append({**_name(route), **reason})
        inside = [{**_name(near.route), **_reason(near)} for near in survey.nearest(MOST_ROUTES, taken)]
        # Those outside meet every condition: nothing is nearer.
        return (outside + inside)[:MOST_ROUTES]

    def _why_outside(self, route: Entity, query: RouteQuery) -> dict[str, Any] | None:
        """Why the router does not hold a Route, if the request meets its conditions or none can be met."""
        problem = why_left_out(route, self._flavor)
        if problem:
            return {"reason": "cannot_match", "detail": problem}
        if first_unmet(route, self._flavor, query) is not None:
            return None
        return {"reason": "service_disabled"}


def _answer_of(plan: Plan | None, context: RequestContext) -> dict[str, Any] | None:
    """The answer that the node gives by itself; None if the request goes on to the Service."""
    if plan is None:
        return {"status": 404, "message": NO_ROUTE}
    if plan.grpc:
        kind = context.head.headers.get(b"content-type", b"") or b""
        if not kind.startswith(b"application/grpc"):
            return {"status": 415, "message": NOT_GRPC}
        # What is described comes by HTTP/1.
        return {"status": 426, "message": USE_HTTP2}
    if plan.needs_https and context.scheme != "https":
        return {"status": plan.redirect_status, "message": USE_HTTPS}
    if plan.service is None:
        return {"status": 503, "message": NO_SERVICE}
    return None


def _ids_of(plan: Plan | None, consumer_id: str | None) -> Ids:
    if plan is None:
        return Ids()
    return Ids(plan.route["id"], None if plan.service is None else plan.service["id"], consumer_id)


def _shown(query: RouteQuery) -> dict[str, Any]:
    return {
        "method": query.method,
        "scheme": query.scheme,
        "host": query.host,
        "port": query.port,
        "path": readable(query.path),
        "sni": query.sni,
    }


def _name(entity: Entity) -> dict[str, Any]:
    return {"id": entity["id"], "name": entity.get("name")}


def _named(entity: Entity | None) -> dict[str, Any] | None:
    return None if entity is None else _name(entity)


def _is_global(row: Entity) -> bool:
    return scope_of(row) == ["global"]


def _plugin(row: Entity) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "instance_name": row.get("instance_name"),
        "scope": scope_of(row),
    }


def _reason(near: Near) -> dict[str, Any]:
    if near.unmet is None:
        return {"reason": "lower_priority"}
    return {"reason": "condition", **near.unmet._asdict()}
