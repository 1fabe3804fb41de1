"""The Status API: what load balancers and monitoring may ask, on its own listener (``status_listen``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted_kong.admin.answers import Answer, message, nothing, page
from twisted_kong.admin.calls import Call, Table, merged
from twisted_kong.admin.node_info import NodeInfo
from twisted_kong.admin.routes.information import status_table
from twisted_kong.db.interfaces import IChangeLog

# Says in Kong's words why the node cannot serve yet, or None when it can.
Unready = Callable[[], Awaitable[str | None]]

DRAINING = "draining"


class Readiness:
    """Whether the node wants to be sent requests.

    :param unready: asked each time; ``failed to connect to database``, ``router builds not yet complete`` …
    """

    def __init__(self, unready: Unready) -> None:
        self._unready = unready
        self.draining = False

    async def reason(self) -> str | None:
        """Why no request should be sent to this node, or None."""
        return DRAINING if self.draining else await self._unready()


def status_app_table(node: NodeInfo, log: IChangeLog, readiness: Readiness) -> Table:
    """The endpoints of the Status API."""

    async def show(call: Call) -> Answer:
        reason = await readiness.reason()
        return message(200, "ready") if reason is None else message(503, reason)

    async def drain(call: Call) -> Answer:
        wanted = dict(call.body.pairs or ()).get("status") or call.body.record.get("status")
        if wanted != DRAINING:
            return page(400)
        readiness.draining = True
        return nothing()

    return merged(status_table(node, log), {"/status/ready": {"GET": show, "POST": drain}})
