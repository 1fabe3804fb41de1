"""What every part of a node stands on, and what both of its planes are built upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.schema.registry import Schemas
from twisted_kong.db.database import Database
from twisted_kong.node.health.monitor import HealthMonitor
from twisted_kong.pdk.loader import LoadedPlugins
from twisted_kong.service.host import Host
from twisted_kong.service.state import NodeState


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a node runs, and as what.

    :param reactor: tells the time, listens and connects.
    """

    conf: Conf
    reactor: Any
    host: Host
    node_id: str


@dataclass(frozen=True, slots=True)
class Foundation:
    """What the data plane and the control plane have in common: once it is laid, requests could be served."""

    plugins: LoadedPlugins
    schemas: Schemas
    database: Database
    state: NodeState
    health: HealthMonitor
