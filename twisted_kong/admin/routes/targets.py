"""Targets, which only exist below their Upstream: ``/upstreams/{u}/targets`` and what is special about it.

Kong: a Target is addressed by id or by its ``host:port`` among those of the Upstream; PUT is PATCH; DELETE
of one that is not there is 404; the list shows the newest first, one entry per target, with a plain number
as offset.
"""

from __future__ import annotations

from typing import Protocol

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.calls import Call, Handler, Table
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.kinds import Kind
from twisted_kong.admin.pages import page_body, page_request, start_of
from twisted_kong.admin.routes.target_health import (
    Judge,
    Lookup,
    balancer_health,
    look_up,
    target_health,
)
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import InvalidPrimaryKey
from twisted_kong.core.health.checks import checks_of
from twisted_kong.core.health.upstream import Target
from twisted_kong.db.paging import check_size

PATH = "/upstreams/{upstreams}/targets"


class IHealth(Protocol):
    """What a node knows of the health of Targets."""

    def healthy(self, upstream_id: str, target: Target, ip: str, port: int) -> bool:
        """Whether an IP address and port that a Target leads to is healthy."""
        ...


class TargetEndpoints:
    """The endpoints of the Targets of one Upstream.

    :param node_id: shown with the health of Targets, since every node judges by itself.
    :param lookup: the addresses that this node sends requests for a host to.
    """

    def __init__(self, upstreams: Kind, targets: Kind, node_id: str, lookup: Lookup, health: IHealth) -> None:
        self._upstreams = upstreams
        self._targets = targets
        self._node_id = node_id
        self._lookup = lookup
        self._health = health

    def table(self) -> Table:
        """Paths and handlers."""
        single: dict[str, Handler] = {
            "GET": self.get,
            "PUT": self.patch,
            "PATCH": self.patch,
            "DELETE": self.delete,
        }
        return {
            PATH: {"GET": self.newest, "POST": self.post},
            f"{PATH}/all": {"GET": self.all},
            f"{PATH}/{{targets}}": single,
            "/upstreams/{upstreams}/health": {"GET": self.health},
        }

    async def newest(self, call: Call) -> Answer:
        """GET: the Targets, newest first."""
        rows, offset = await self._page(call, await self.upstream(call))
        return as_json(200, page_body(rows, offset, call.path, page_request(call.arguments), nested=True))

    async def all(self, call: Call) -> Answer:
        """GET: the rows as they are stored, by id."""
        return await self._targets.page(call, ("upstream", (await self.upstream(call))["id"]))

    async def post(self, call: Call) -> Answer:
        """POST: a new Target of this Upstream."""
        upstream = await self.upstream(call)
        record = self._targets.record(call.body)
        fixed = {"upstream": {"id": upstream["id"]}}
        return await self._targets.create(record, fixed, terms=call.terms)

    async def get(self, call: Call) -> Answer:
        """GET: one Target."""
        return self._targets.shown(await self.target(call, await self.upstream(call)))

    async def patch(self, call: Call) -> Answer:
        """PATCH and PUT: merge into a Target that exists."""
        target = await self.target(call, await self.upstream(call))
        record = self._targets.record(call.body)
        return await self._targets.patch(target["id"], record, terms=call.terms)

    async def delete(self, call: Call) -> Answer:
        """DELETE: a Target that exists."""
        return await self._targets.delete(
            (await self.target(call, await self.upstream(call)))["id"], terms=call.terms
        )

    async def health(self, call: Call) -> Answer:
        """GET: the Targets with what this node knows of their health."""
        upstream = await self.upstream(call)
        if call.arguments.get("balancer_health") == "1":
            targets = await self._newest_first(upstream)
            known = await look_up(targets, self._lookup)
            data = balancer_health(upstream, targets[::-1], known, self._judge(upstream))
            return as_json(200, {"data": data, "next": None, "node_id": self._node_id})
        rows, offset = await self._page(call, upstream)
        known = await look_up(rows, self._lookup)
        shown = [{**row, **target_health(row, known, self._judge(upstream))} for row in rows]
        body = page_body(shown, offset, call.path, page_request(call.arguments), nested=True)
        return as_json(200, {**body, "node_id": self._node_id})

    async def upstream(self, call: Call) -> Entity:
        """The Upstream that a path names."""
        return await self._upstreams.find(call.params["upstreams"])

    async def target(self, call: Call, upstream: Entity) -> Entity:
        """The Target that a path names, by its id or its ``host:port``."""
        key = call.params["targets"]
        try:
            target = await self._targets.dao.select(key)
        except InvalidPrimaryKey:
            matching = (row for row in await self._newest_first(upstream) if row["target"] == key)
            target = next(matching, None)
        if target is None or target["upstream"] != {"id": upstream["id"]}:
            raise Missing
        return target

    def _judge(self, upstream: Entity) -> Judge | None:
        if checks_of(upstream) is None:
            return None
        return lambda target, ip, port: self._health.healthy(upstream["id"], target, ip, port)

    async def _newest_first(self, upstream: Entity) -> list[Entity]:
        """The Targets of an Upstream; of several for one ``host:port`` (none since 3.0) only the newest."""
        rows = [row async for row in self._targets.dao.each(foreign=("upstream", upstream["id"]))]
        # a patch may reset created_at
        rows.sort(key=lambda row: (row["created_at"] or 0, row["id"]), reverse=True)
        newest: dict[str, Entity] = {}
        for row in rows:
            newest.setdefault(row["target"], row)
        return list(newest.values())

    async def _page(self, call: Call, upstream: Entity) -> tuple[list[Entity], str | None]:
        asked = page_request(call.arguments)
        size, start = check_size(asked.wanted), start_of(asked.offset)
        rows = await self._newest_first(upstream)
        return rows[start : start + size], str(start + size) if len(rows) > start + size else None
