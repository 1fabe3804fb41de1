"""``/cluster``: the nodes on the database, what was changed by whom, and when all have applied it.

None of it is Kong's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from twisted_kong.admin.answers import Answer, as_json, message
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.confirmation import IConvergence, reason_of, seconds_in, short
from twisted_kong.admin.failures import Refused
from twisted_kong.core.changes import Change, Position
from twisted_kong.db.interfaces import IChangeLog, Member
from twisted_kong.db.paging import check_size
from twisted_kong.db.positions import changes_between
from twisted_kong.node.ancestry import Descent, descent_of, oldest_of
from twisted_kong.node.standing import is_live

DEFAULT_SIZE = 100


class ClusterEndpoints:
    """The endpoints of the cluster.

    :param instance: this running process among the nodes.
    :param now: epoch seconds.
    """

    def __init__(
        self, convergence: IConvergence, log: IChangeLog, instance: str, now: Callable[[], float]
    ) -> None:
        self._convergence, self._log = convergence, log
        self._instance, self._now = instance, now

    def table(self) -> Table:
        """Paths and handlers."""
        return {
            "/cluster": {"GET": self.nodes},
            "/cluster/changes": {"GET": self.changes},
            "/cluster/convergence": {"GET": self.convergence},
        }

    async def nodes(self, call: Call) -> Answer:
        """GET: every node that has reported within the hour, dead or alive, and where the log ends."""
        members = await self._convergence.members()
        # Read after the members: none is ahead of it in the same history.
        head = await self._log.head()
        rows = [self._node(member, head) for member in members]
        return as_json(200, {"data": rows, "next": None, "position": str(head)})

    async def changes(self, call: Call) -> Answer:
        """GET: who changed what and when, from the oldest change that is kept or after a position."""
        after, size = _one(call, "after"), check_size(_one(call, "size") or DEFAULT_SIZE)
        position = None if after is None else self._position(after, "after")
        batch = await self._log.history(position, size)
        if position is not None and not batch.continuous:
            await self._refuse(position)
        nodes = {member.instance: member for member in await self._convergence.members()}
        follow = {"after": str(batch.position), "size": size}
        return as_json(
            200,
            {
                "data": [_change(change, nodes) for change in batch.changes],
                "next": f"{call.path}?{urlencode(follow)}" if batch.more else None,
                "position": str(batch.position),
            },
        )

    async def convergence(self, call: Call) -> Answer:
        """GET: when every living node has applied a position, or who has not; without one all of now."""
        timeout = seconds_in(call.query, "timeout")
        text = _one(call, "position")
        position = await self._log.head() if text is None else self._position(text, "position")
        if text is not None and await self._is_lost(position):
            raise Refused(400, f"the log of changes does not hold the position {position}")
        outcome = await self._convergence.reached(position, timeout)
        if outcome.converged:
            return as_json(200, {"position": str(position), "nodes": short(outcome.nodes)})
        told = reason_of(outcome, str(position), timeout)
        if outcome.error is not None:
            return message(503, told)
        body = {"message": told, "position": str(position), "laggards": short(outcome.laggards)}
        return as_json(504, body)

    def _node(self, member: Member, head: Position) -> dict[str, Any]:
        at = member.position
        return {
            "id": member.id,
            "instance": member.instance,
            "hostname": member.hostname,
            "version": member.version,
            "started": int(member.started),
            "last_seen": int(self._now() - member.age),
            "age": round(member.age, 3),
            "position": None if at is None else str(at),
            "lag": None if at is None else changes_between(at, head),
            "live": is_live(member),
            "this_node": member.instance == self._instance,
        }

    def _position(self, text: str, argument: str) -> Position:
        try:
            return self._log.parse_position(text)
        except ValueError:
            raise Refused(400, f"{argument} must be a position, as X-Kong-Position tells it") from None

    async def _refuse(self, position: Position) -> None:
        """Say why history cannot be read on from a position; nothing if it can by now."""
        descent = await descent_of(position, self._log)
        if descent is Descent.OLDER:
            oldest = await oldest_of(self._log)
            raise Refused(
                410,
                f"the changes after {position} are no longer kept; the oldest is {oldest},"
                " leave out 'after' to begin there",
            )
        if descent is Descent.FOREIGN:
            raise Refused(400, f"the log of changes does not hold the position {position}")

    async def _is_lost(self, position: Position) -> bool:
        """Whether a position cannot come any more: the log has passed its number without it."""
        descent = await descent_of(position, self._log)
        return descent is Descent.FOREIGN and await self._log.head() >= position


def _change(change: Change, nodes: Mapping[str, Member]) -> dict[str, Any]:
    node = nodes.get(change.origin)
    return {
        "position": str(change.position),
        "entity": change.entity,
        "operation": change.operation,
        "id": change.id,
        "at": round(change.at, 3),
        "author": change.author,
        "origin": change.origin,
        "node_id": None if node is None else node.id,
        "hostname": None if node is None else node.hostname,
    }


def _one(call: Call, name: str) -> str | None:
    values = [value for given, value in call.query if given == name]
    return values[-1] if values else None
