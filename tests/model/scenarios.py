"""What may happen in a history: the setting of the nodes, and which faults there are."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """The ``db_*`` settings of all nodes."""

    frequency: float = 5.0
    propagation: float = 0.0
    ttl: float = 0.0
    resurrect_ttl: float = 30.0


@dataclass(frozen=True)
class Scenario:
    """A kind of history.

    :param faults: names of what may befall nodes and database, see :mod:`tests.model.deeds`.
    :param lags: seconds by which each replica follows; entities are read, and the log is polled, on any.
    :param ahead: seconds by which a replica may show a commit before the primary does.
    :param slowest: seconds that a query takes at most.
    :param bound: seconds beyond which nothing may be served while the database is reachable; None: no such.
    :param pushes: whether the database announces commits.
    """

    settings: Settings = field(default_factory=Settings)
    nodes: int = 3
    faults: tuple[str, ...] = ()
    lags: tuple[float, ...] = ()
    ahead: float = 0.0
    slowest: float = 3.0
    bound: float | None = None
    pushes: bool = True


NODES = ("storm", "restart", "pause", "cut", "jump")
SERVERS = ("freeze", "trim", "restore")
REPLICAS = ("restart_replica",)

_QUICK = 0.4
_TTL = 12.0


def _bound(settings: Settings, lag: float = 0.0) -> float:
    """What the settings promise while the database is reachable: a query of a lagging replica is two."""
    return settings.frequency + settings.propagation + _QUICK * (2 if lag else 1) + lag


SCENARIOS = {
    "single": Scenario(faults=NODES + SERVERS),
    "five nodes": Scenario(nodes=5, faults=NODES + SERVERS),
    "no push": Scenario(nodes=2, faults=NODES + SERVERS, pushes=False),
    "ttl": Scenario(Settings(ttl=20), faults=NODES + SERVERS),
    "propagation": Scenario(Settings(propagation=2), faults=NODES + SERVERS),
    "replica": Scenario(lags=(1.5,), faults=NODES + SERVERS + REPLICAS),
    "replicas": Scenario(lags=(0.0, 0.7, 4.0), faults=NODES + SERVERS + REPLICAS),
    "ahead": Scenario(lags=(0.0,), ahead=0.5, faults=NODES + REPLICAS),
    "failover": Scenario(faults=(*NODES, *SERVERS, "fail_over")),
    "failover with replicas": Scenario(
        lags=(0.0, 1.5), faults=(*NODES, *SERVERS, *REPLICAS, "fail_over", "fail_over")
    ),
    "bound": Scenario(
        slowest=_QUICK, faults=(*NODES, "freeze", "fail_over"), pushes=False, bound=_bound(Settings())
    ),
    "bound with propagation": Scenario(
        Settings(propagation=2), slowest=_QUICK, faults=NODES, bound=_bound(Settings(propagation=2))
    ),
    "bound with replica": Scenario(
        lags=(1.5,), slowest=_QUICK, faults=NODES + REPLICAS, pushes=False, bound=_bound(Settings(), 1.5)
    ),
    "ttl only": Scenario(
        Settings(frequency=0, ttl=_TTL), slowest=_QUICK, faults=("jump", "jump"), bound=_TTL + _QUICK
    ),
    "failovers": Scenario(lags=(0.0, 3.0), slowest=1.0, faults=("fail_over",) * 3, pushes=False),
    "failovers of one server": Scenario(faults=("fail_over",) * 4, pushes=False),
    "arrivals": Scenario(lags=(6.0,), slowest=1.0, faults=("restart",) * 4),
}
