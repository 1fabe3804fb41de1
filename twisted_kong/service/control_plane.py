"""The Admin and Status APIs put together from the parts of a running node."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from twisted.web.server import Site

from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import AdminParts, admin_site, status_site
from twisted_kong.admin.app import AdminHeaders
from twisted_kong.admin.log_level import LogLevel
from twisted_kong.admin.node_info import (
    Connections,
    NodeInfo,
    PluginVersion,
    ProcessMemory,
    StoreUse,
    Timers,
    resident_bytes,
)
from twisted_kong.admin.status_app import Readiness
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.schema.registry import Schemas
from twisted_kong.db.database import Database
from twisted_kong.node.cache import EntityCache
from twisted_kong.pdk.loader import LoadedPlugins
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.service.host import Host
from twisted_kong.service.state import NodeCache, NodeState

WriteLine = Callable[[str], None]

# Kong's bound of the store of misses.
_MISSES = 12 << 20


def node_info(
    conf: Conf,
    host: Host,
    node_id: str,
    plugins: LoadedPlugins,
    state: NodeState,
    reactor: Any,
    gateway: Gateway,
) -> NodeInfo:
    """What the node tells about itself."""
    pid = host.pid()
    return NodeInfo(
        node_id=node_id,
        hostname=host.hostname,
        version=version("twisted_kong"),
        runtime=f"{platform.python_implementation()} {platform.python_version()}",
        configuration=conf.masked(),
        plugins={
            plugin.name: PluginVersion(plugin.handler.VERSION, plugin.handler.PRIORITY)
            for plugin in plugins.plugins
        },
        main_pid=pid,
        worker_pids=lambda: [pid],
        plugins_in_use=lambda: {row["name"] for row in state.plugins.plugins.values()},
        memory=lambda: [ProcessMemory(pid, resident_bytes(pid))],
        stores=lambda: _stores(conf, state.cache),
        connections=lambda: _connections(gateway),
        timers=lambda: Timers(pending=len(reactor.getDelayedCalls())),
    )


def make_admin_site(
    conf: Conf,
    database: Database,
    schemas: Schemas,
    state: NodeState,
    node: NodeInfo,
    log_level: LogLevel,
    reactor: Any,
    access_log: WriteLine | None,
) -> Site:
    """What listens on ``admin_listen``."""
    cache = NodeCache(state.cache, state.invalidator)
    parts = AdminParts(database, schemas, state.invalidator.apply, cache, node, log_level)
    rules = AccessRules(origins=conf.admin_gui_url, hosts=(*conf.admin_allowed_hosts, node.hostname))
    return admin_site(
        parts,
        reactor,
        rules,
        headers=AdminHeaders.configured(conf.headers),
        body_limit=conf.nginx_admin_client_max_body_size,
        access_log=access_log,
    )


def make_status_site(
    conf: Conf,
    database: Database,
    node: NodeInfo,
    readiness: Readiness,
    reactor: Any,
    access_log: WriteLine | None,
) -> Site:
    """What listens on ``status_listen``."""
    headers = AdminHeaders.configured(conf.headers)
    return status_site(node, database.log, readiness, reactor, headers=headers, access_log=access_log)


def _stores(conf: Conf, cache: EntityCache) -> Mapping[str, StoreUse]:
    now = cache.statistics
    return {
        "kong_core_db_cache": StoreUse(conf.mem_cache_size, now.bytes),
        "kong_core_db_cache_miss": StoreUse(_MISSES, now.miss_bytes),
    }


def _connections(gateway: Gateway) -> Connections:
    active, accepted = len(gateway.connections), gateway.accepted
    return Connections(active=active, accepted=accepted, handled=accepted, requests=gateway.requests)
