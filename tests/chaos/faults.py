"""What is done to a cluster: how it is struck, and how it is healed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.kit.cluster import Cluster
from tests.kit.postgres import PostgresServer

Deed = Callable[[Cluster], object]

# The node to which faults of one node happen.
VICTIM = 1


def nothing(cluster: Cluster) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    ``repeat`` are the seconds between two strikes while it lasts, 0 for one strike.
    ``excuses`` says who may be out of date meanwhile: all nodes, the victim, or nobody.
    ``outage`` says that no server answers: requests for what is warm must not notice.
    ``history`` is what becomes of writes that were acknowledged: all are kept, or the latest are lost with
    their server, or the replica takes over which has them all. The cluster cannot be used again after
    either of the latter.
    """

    name: str
    about: str
    strike: Deed
    heal: Deed = nothing
    repeat: float = 0.0
    excuses: Literal["all", "victim", "nobody"] = "all"
    outage: bool = False
    history: Literal["kept", "moved", "lost"] = "kept"


def _replica(cluster: Cluster) -> PostgresServer:
    assert cluster.replica is not None
    return cluster.replica


def _each_proxy(deed: str, *arguments: object, **more: object) -> Deed:
    def done(cluster: Cluster) -> None:
        for proxy in cluster.proxies:
            getattr(proxy, deed)(*arguments, **more)

    return done


def _lag(delay: str) -> Deed:
    def done(cluster: Cluster) -> None:
        _replica(cluster).configure(recovery_min_apply_delay=delay)
        _replica(cluster).reload()

    return done


def _both(deed: str) -> Deed:
    def done(cluster: Cluster) -> None:
        for server in (cluster.primary, _replica(cluster)):
            getattr(server, deed)()

    return done


def _take_over(cluster: Cluster) -> None:
    """The primary dies, and a moment later the replica is promoted."""
    cluster.primary.kill9()
    time.sleep(0.3)
    _replica(cluster).promote()


def _take_over_without_the_latest(cluster: Cluster) -> None:
    """The same with a replica that has received nothing for a while."""
    replica = _replica(cluster)
    replica.query("alter system set primary_conninfo = ''")
    replica.reload()
    time.sleep(0.7)
    cluster.struck_at = time.monotonic()
    _take_over(cluster)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("none", "nothing happens", nothing, excuses="nobody"),
        Fault(
            "node-kill",
            "kill -9 of a node, and a new start",
            lambda cluster: cluster.nodes[VICTIM].kill(),
            lambda cluster: cluster.nodes[VICTIM].start(),
            excuses="victim",
        ),
        Fault(
            "node-stop",
            "SIGSTOP of a node",
            lambda cluster: cluster.nodes[VICTIM].pause(),
            lambda cluster: cluster.nodes[VICTIM].resume(),
            excuses="victim",
        ),
        Fault(
            "primary-kill",
            "kill -9 of the primary, and a new start",
            lambda cluster: cluster.primary.kill9(),
            lambda cluster: cluster.primary.start(),
        ),
        Fault(
            "primary-restart",
            "the primary is shut down, and started",
            lambda cluster: cluster.primary.stop(),
            lambda cluster: cluster.primary.start(),
        ),
        Fault(
            "primary-stop",
            "SIGSTOP of the primary",
            lambda cluster: cluster.primary.pause(),
            lambda cluster: cluster.primary.resume(),
        ),
        Fault(
            "replica-kill",
            "kill -9 of the replica, and a new start",
            lambda cluster: _replica(cluster).kill9(),
            lambda cluster: _replica(cluster).start(),
        ),
        Fault(
            "replica-stop",
            "SIGSTOP of the replica",
            lambda cluster: _replica(cluster).pause(),
            lambda cluster: _replica(cluster).resume(),
        ),
        Fault("replica-lag", "the replica is 0.8 s behind", _lag("800ms"), _lag("0")),
        Fault("both-kill", "kill -9 of both servers", _both("kill9"), _both("start"), outage=True),
        Fault("both-stop", "SIGSTOP of both servers", _both("pause"), _both("resume"), outage=True),
        Fault("cut", "all connections are reset, again and again", _each_proxy("cut"), repeat=0.15),
        Fault(
            "refuse",
            "no server can be reached: connections are reset",
            _each_proxy("cut", refuse=True),
            _each_proxy("heal"),
            outage=True,
        ),
        Fault(
            "hole",
            "no server can be reached: everything is swallowed",
            _each_proxy("swallow"),
            _each_proxy("heal"),
            outage=True,
        ),
        Fault("half-close", "all connections are closed one way", _each_proxy("half_close"), repeat=0.3),
        Fault(
            "slow",
            "the network takes 50 ms each way",
            _each_proxy("delay", 0.05),
            _each_proxy("heal"),
            excuses="nobody",
        ),
        Fault(
            "deaf",
            "no notification arrives",
            _each_proxy("deafen"),
            _each_proxy("heal"),
            excuses="nobody",
        ),
        Fault(
            "slow-commit",
            "writes and commits take up to 0.2 s and 0.1 s longer",
            lambda cluster: cluster.delay_commits(0.2, 0.1),
            lambda cluster: cluster.delay_commits(0, 0),
            excuses="nobody",
        ),
        Fault(
            "promote",
            "the primary dies, the replica takes over with all commits",
            _take_over,
            history="moved",
        ),
        Fault(
            "promote-lossy",
            "the primary dies, the replica takes over without the latest commits",
            _take_over_without_the_latest,
            history="lost",
        ),
    )
}
