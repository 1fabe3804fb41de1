"""The Status API: what load balancers and monitoring may ask, on its own listener (``status_listen``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted_kong.admin.answers import Answer, as_json, nothing, page
from twisted_kong.admin.calls import Call, Table, merged
from twisted_kong.admin.database_health import DatabaseHealth
from twisted_kong.admin.metrics import Metrics, metrics_table
from twisted_kong.admin.node_info import NodeInfo
from twisted_kong.admin.routes.information import status_table
from twisted_kong.db.interfaces import IChangeLog

# Says in Kong's words why the node cannot serve yet, or None when it can.
Unready = Callable[[], str | None]
Health = Callable[[], Awaitable[DatabaseHealth]]

DRAINING = "draining"
# Kong's words.
NO_DATABASE = "failed to connect to database"


class Readiness:
    """Whether the node wants to be sent requests.

    :param unready: ``router builds not yet complete`` and the like.
    :param needs_database: ``status_ready_needs_database``: whether it is not ready with the database away.
    """

    def __init__(self, unready: Unready, health: Health, *, needs_database: bool = False) -> None:
        self._unready, self._health, self._needs_database = unready, health, needs_database
        self.draining = False

    async def answer(self) -> Answer:
        """200, or 503 with why no request should be sent to this node; and how its database is."""
        health = await self._health()
        reason = self._reason(health)
        status, text = (200, "ready") if reason is None else (503, reason)
        return as_json(status, {"message": text, "database": health.as_record()})

    def _reason(self, health: DatabaseHealth) -> str | None:
        if self.draining:
            return DRAINING
        if self._needs_database and not health.reachable:
            return NO_DATABASE
        return self._unready()


def status_app_table(node: NodeInfo, log: IChangeLog, readiness: Readiness, metrics: Metrics) -> Table:
    """The endpoints of the Status API."""

    async def show(call: Call) -> Answer:
        return await readiness.answer()

    async def drain(call: Call) -> Answer:
        wanted = dict(call.body.pairs or ()).get("status") or call.body.record.get("status")
        if wanted != DRAINING:
            return page(400)
        readiness.draining = True
        return nothing()

    return merged(
        status_table(node, log),
        {"/status/ready": {"GET": show, "POST": drain}},
        metrics_table(metrics),
    )
