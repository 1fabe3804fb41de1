"""``?wait=cluster``: a write is answered only when every living node has applied it.

The write itself is done and stays done, whatever comes of the waiting; so what does not end well is told
with the position, by which one can go on waiting at ``GET /cluster/convergence``.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.bodies import Pairs
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.kinds import POSITION
from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import Member
from twisted_kong.node.standing import Outcome

# Seconds to wait when nobody says how long, and at most.
TIMEOUT = 10.0
LONGEST = 300.0


class IConvergence(Protocol):
    """Who watches the nodes; see :class:`twisted_kong.node.convergence.Convergence`."""

    async def members(self) -> tuple[Member, ...]:
        """All nodes, dead or alive, with this one as it is now."""

    def reached(self, position: Position, timeout: float) -> Awaitable[Outcome]:
        """When every living node has applied a position, or after a timeout."""


class Confirmation:
    """Holds answers to writes back until the nodes have followed.

    :param parse: reads a printed position.
    """

    def __init__(self, convergence: IConvergence, parse: Callable[[str], Position]) -> None:
        self._convergence, self._parse = convergence, parse

    async def confirmed(self, answer: Answer, timeout: float) -> Answer:
        """The answer to a write when all nodes have applied it, else 504; what was no write is not held."""
        text = dict(answer.headers).get(POSITION)
        if text is None:
            return answer
        outcome = await self._convergence.reached(self._parse(text), timeout)
        if outcome.converged:
            return answer
        if answer.changed:
            told = f"the write stands, but {reason_of(outcome, 'it', timeout)}"
        else:
            told = f"nothing had to be written, but {reason_of(outcome, 'what was written before', timeout)}"
        body = {"message": told, "position": text, "laggards": short(outcome.laggards)}
        return as_json(504, body).with_headers(*answer.headers)


def timeout_wanted(query: Pairs) -> float | None:
    """For how many seconds a write's query string wants to wait for the cluster; None if it does not.

    :raises Refused: for anything but ``wait=cluster``, and for a ``wait_timeout`` that is none.
    """
    wanted = [value for name, value in query if name == "wait"]
    if not wanted:
        return None
    if set(wanted) != {"cluster"}:
        raise Refused(400, "wait must be 'cluster'")
    return seconds_in(query, "wait_timeout")


def seconds_in(query: Pairs, argument: str) -> float:
    """How long to wait, as an argument says or else ten seconds.

    :raises Refused: for what is no number between 0 and 300.
    """
    given = [value for name, value in query if name == argument]
    try:
        seconds = float(given[-1]) if given else TIMEOUT
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST:
        raise Refused(400, f"{argument} must be a number of seconds between 0 and {LONGEST:g}")
    return seconds


def reason_of(outcome: Outcome, what: str, timeout: float) -> str:
    """Why there is no convergence, in words.

    :param what: should have been applied within ``timeout`` seconds.
    """
    if outcome.error is not None:
        return f"nobody can tell whether all nodes have applied {what}: {outcome.error}"
    names = ", ".join(f"{member.hostname} ({member.id})" for member in outcome.laggards)
    count = f"{len(outcome.laggards)} of {len(outcome.nodes)} nodes"
    return f"{count} had not applied {what} after {timeout:g} seconds: {names}"


def short(members: Iterable[Member]) -> list[dict[str, Any]]:
    """Nodes by their names and positions."""
    return [
        {
            "id": member.id,
            "instance": member.instance,
            "hostname": member.hostname,
            "position": None if member.position is None else str(member.position),
        }
        for member in members
    ]
