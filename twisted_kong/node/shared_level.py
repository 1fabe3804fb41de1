"""The log level that an operator sets on all nodes at once: a row of the parameters that every node follows.

Kong sends an event, which a node may miss.  Here it is a write like any other: it has a position, and
whoever waits for all nodes to have applied it knows that they have, but for one that could not read the row
and said so in its log.  It is taken over when it is written, for as long as it says, and never by a node that
starts or loads everything again: by then it may be over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.logger import Logger

from twisted_kong.core.changes import Change, Entity

KIND: Final = "parameters"
KEY: Final = "log_level"


def encoded(level: str, timeout: float) -> str:
    """The value of the row."""
    return json.dumps({"level": level, "timeout": timeout})


class Rows(Protocol):
    """What is needed of the DAO of the parameters."""

    async def select(self, pk: Any) -> Entity | None:
        """The row with a key."""


class SharedLevel:
    """Follows the row (a :class:`~twisted_kong.node.invalidation.Follower`).

    :param use: uses a level for some seconds; 0 for good.
    """

    _log = Logger()

    def __init__(self, rows: Rows, use: Callable[[str, float], object]) -> None:
        self._rows, self._use = rows, use
        # A read that takes long must not bring back what a later one has replaced.
        self._one = DeferredLock()

    def apply(self, changes: Sequence[Change]) -> Deferred[None]:
        """Use the level that was written, if one was; fires when that is done, or cannot be."""
        if not any((each.entity, each.id) == (KIND, KEY) for each in changes):
            return succeed(None)
        done: Deferred[None] = self._one.run(self._take_over)
        # How much is logged must not decide whether entities are followed.
        return done.addErrback(lambda failure: self._log.failure("cannot use the log level of all", failure))

    def doubt(self) -> Deferred[None]:
        """What was written before may be over."""
        return succeed(None)

    async def _take_over(self) -> None:
        row = await self._rows.select(KEY)
        if row is not None:
            value = json.loads(row["value"])
            self._use(str(value["level"]), float(value["timeout"]))
