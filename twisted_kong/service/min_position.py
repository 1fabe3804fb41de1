"""``X-Kong-Min-Position``: a request that is not served from anything older than a change it names.

Whoever has written through one node's Admin API, and was answered a position, can ask any node through its
proxy with that position: the request waits until the node has applied it, before a Route is looked for, or
is refused.  Only with ``allow_min_position_header = on`` is any of this part of the data path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from typing_extensions import override

from twisted_kong.core.changes import Position
from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.core.plan import PluginPlan
from twisted_kong.core.replies import Replies
from twisted_kong.node.arrival import Arrival
from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.phases import Answering, Phases

HEADER = b"x-kong-min-position"
# Seconds that a request waits.
PATIENCE = 10.0

ParsePosition = Callable[[str], Position]


class HeldPhases(Phases):
    """The plugins' phases, before which a request waits for the position that it names.

    :param parse: reads a position; ValueError for what is none.
    """

    def __init__(
        self,
        plan: PluginPlan,
        handlers: dict[str, Any],
        gateway: Gateway,
        *,
        arrival: Arrival,
        parse: ParsePosition,
        replies: Replies,
    ) -> None:
        super().__init__(plan, handlers, gateway)
        self._arrival, self._parse, self._replies = arrival, parse, replies

    @override
    def rewrite(self, context: RequestContext) -> Answering:
        """Before a Route is looked for, and before the first plugin."""
        values = context.head.block.get_all(HEADER)
        if not values:
            return super().rewrite(context)
        try:
            (value,) = values
            position = self._parse(value.decode("ascii"))
        except ValueError:
            return self._refusal(400, "X-Kong-Min-Position is not a position", context)
        if self._arrival.has_applied(position):
            return super().rewrite(context)
        return Deferred.fromCoroutine(self._held(context, position))

    async def _held(self, context: RequestContext, position: Position) -> Answer | None:
        reason = await self._arrival.wait(position, PATIENCE)
        if reason is not None:
            return self._refusal(503, reason, context)
        answer = super().rewrite(context)
        return await answer if isinstance(answer, Deferred) else answer

    def _refusal(self, status: int, message: str, context: RequestContext) -> Answer:
        accept = context.head.headers.get(b"accept")
        return self._replies.error(status, message, request_id=context.request_id, accept=accept)
