"""What an operator says of a Target's health, for all nodes to follow: rows that say everything in their key.

Kong sends an event, which a node may miss.  Here a row of the parameters is written and taken away again, so
that it has a position in the log of changes and nothing is left of it; whoever follows the log reads the key
and needs no row.  A node that starts, or loads everything again, takes nothing over, as with Kong: it holds
every address to be healthy until it knows better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from twisted.internet.defer import CancelledError, Deferred, DeferredLock, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.changes import Change
from twisted_kong.core.health.upstream import Target

KIND: Final = "parameters"
_NAME: Final = "target_health"
_SEPARATOR: Final = "|"


class Setting(NamedTuple):
    """That a Target of an Upstream, or one address of it, is healthy or not; no host has brackets.

    :param address: of the Target; None for all of them.
    :param port: of the address; None for any.
    """

    upstream_id: str
    target: Target
    address: str | None
    port: int | None
    healthy: bool

    @property
    def key(self) -> str:
        """The primary key of its row."""
        state = "healthy" if self.healthy else "unhealthy"
        host, port = self.target
        own = "" if self.port is None else str(self.port)
        parts = (_NAME, self.upstream_id, host, str(port), self.address or "", own, state)
        return _SEPARATOR.join(parts)


def setting_of(change: Change) -> Setting | None:
    """What a change of the log sets; None for any other."""
    if change.entity != KIND or change.operation == "delete":
        return None
    name, *parts = change.id.split(_SEPARATOR)
    if name != _NAME or len(parts) != 6:
        return None
    upstream_id, host, port, address, own, state = parts
    own_port = int(own) if own else None
    return Setting(upstream_id, (host, int(port)), address or None, own_port, state == "healthy")


class SharedSettings:
    """Follows the rows (a :class:`~twisted_kong.node.invalidation.Follower`).

    :param settled: has the Upstreams and Targets among some changes taken over, and fires then: a Target
        may have been made just before its health was set.
    :param use: sets the health of a Target.
    """

    _log = Logger()

    def __init__(
        self,
        settled: Callable[[Sequence[Change]], Deferred[None]],
        use: Callable[[str, Target, str | None, int | None, bool], object],
    ) -> None:
        self._settled, self._use = settled, use
        # The last word counts, however long what comes before it takes.
        self._one = DeferredLock()

    def apply(self, changes: Sequence[Change]) -> Deferred[None]:
        """Use what was set, if anything was; fires when that is done, or cannot be."""
        settings = [each for each in map(setting_of, changes) if each is not None]
        if not settings:
            return succeed(None)
        done: Deferred[None] = self._one.run(self._take_over, changes, settings)
        # Health must not decide whether entities are followed.
        return done.addErrback(self._failed)

    def doubt(self) -> Deferred[None]:
        """What was set before may be over."""
        return succeed(None)

    def _failed(self, failure: Failure) -> None:
        # Cancelled: the node stops before it has read the Targets.
        if failure.check(CancelledError) is None:
            self._log.failure("cannot set the health of Targets", failure)

    async def _take_over(self, changes: Sequence[Change], settings: Sequence[Setting]) -> None:
        await self._settled(changes)
        for setting in settings:
            self._use(*setting)
