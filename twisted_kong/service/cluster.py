"""This node among the nodes of its database: how it reports itself, and how it watches the others."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from twisted.logger import Logger

from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Member
from twisted_kong.node.convergence import Convergence
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.membership import Membership
from twisted_kong.node.steady import SteadyClock
from twisted_kong.service.ground import Ground

# Seconds that a node takes at most to apply what was written while it came up.
CATCH_UP = 30.0

_log = Logger()


@dataclass(frozen=True, slots=True)
class Cluster:
    """The parts that have to do with other nodes."""

    membership: Membership
    convergence: Convergence
    feed: ChangeFeed

    async def join(self) -> None:
        """Become a member, and be as new as whoever was told that all members are; before anybody is served.

        A write that was confirmed for all nodes before this one was on their list lies before the end of the
        log that the report tells; one that is confirmed later waits for this node.
        """
        end = await self.membership.start()
        if end is not None and not await self.feed.catch_up(end, CATCH_UP):
            _log.warn("this node may not have applied the latest changes yet")

    async def leave(self) -> None:
        """Let nobody wait for this node any longer, nor wait here for others."""
        await self.convergence.stop()
        await self.membership.stop()


def make_cluster(ground: Ground, database: Database, feed: ChangeFeed) -> Cluster:
    """The node's part in the cluster, not joined yet."""
    clock = SteadyClock(ground.reactor)
    this = Member(
        instance=database.instance,
        id=ground.node_id,
        hostname=ground.host.hostname,
        version=version("twisted_kong"),
        started=ground.reactor.seconds(),
        position=None,
    )
    store = database.strategy
    membership = Membership(store, this, lambda: feed.applied, clock)
    feed.watchers.append(membership.moved)
    convergence = Convergence(store, store, lambda: membership.this, feed.poll_now, clock)
    return Cluster(membership, convergence, feed)
