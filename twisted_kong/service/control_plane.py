"""The Admin and Status APIs put together from the parts of a running node."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from twisted.logger import Logger

from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import AdminParts, admin_site, status_site
from twisted_kong.admin.app import AdminHeaders
from twisted_kong.admin.database_health import HealthCheck
from twisted_kong.admin.log_level import LogLevel
from twisted_kong.admin.metrics import Metrics
from twisted_kong.admin.node_info import (
    Connections,
    NodeInfo,
    PluginVersion,
    ProcessMemory,
    StoreUse,
    Timers,
    resident_bytes,
)
from twisted_kong.admin.permissions import Permissions
from twisted_kong.admin.routes.explain import IExplain
from twisted_kong.admin.site import BoundedSite
from twisted_kong.admin.status_app import Readiness
from twisted_kong.admin.tokens import Gate
from twisted_kong.node.cache import MISS_BYTES
from twisted_kong.node.convergence import Convergence
from twisted_kong.node.following import Following
from twisted_kong.proxy.described import Described
from twisted_kong.proxy.explaining import Explainer
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.service.data_plane import limits_of, settings_of
from twisted_kong.service.ground import Foundation, Ground
from twisted_kong.service.state import NodeCache, NodeState

_log = Logger()

WriteLine = Callable[[str], None]


def node_info(ground: Ground, foundation: Foundation, gateway: Gateway) -> NodeInfo:
    """What the node tells about itself."""
    host, state = ground.host, foundation.state
    pid = host.pid()
    return NodeInfo(
        node_id=ground.node_id,
        hostname=host.hostname,
        version=version("twisted_kong"),
        runtime=f"{platform.python_implementation()} {platform.python_version()}",
        configuration=ground.conf.masked(),
        plugins={
            plugin.name: PluginVersion(plugin.handler.VERSION, plugin.handler.PRIORITY, plugin.shortfall)
            for plugin in foundation.plugins.plugins
        },
        main_pid=pid,
        worker_pids=lambda: [pid],
        plugins_in_use=lambda: {row["name"] for row in state.plugins.plugins.values()},
        memory=lambda: [ProcessMemory(pid, resident_bytes(pid))],
        stores=lambda: _stores(ground.conf.mem_cache_size, state),
        connections=lambda: _connections(gateway),
        timers=lambda: Timers(pending=len(ground.reactor.getDelayedCalls())),
    )


def make_admin_site(
    ground: Ground,
    foundation: Foundation,
    info: NodeInfo,
    log_level: LogLevel,
    convergence: Convergence,
    access_log: WriteLine | None,
) -> BoundedSite:
    """What listens on ``admin_listen``: every write is applied by this node before it is answered."""
    conf, state = ground.conf, foundation.state
    parts = AdminParts(
        foundation.database,
        foundation.schemas,
        Following(state.invalidator, state.feed),
        NodeCache(state.cache, state.invalidator),
        info,
        log_level,
        convergence,
        state.balancing.addresses,
        foundation.health,
        state.answers,
        make_explain(ground, foundation),
    )
    rules = AccessRules(origins=conf.admin_gui_url, hosts=(*conf.admin_allowed_hosts, info.hostname))
    return admin_site(
        parts,
        ground.reactor,
        rules,
        headers=AdminHeaders.configured(conf.headers),
        body_limit=conf.nginx_admin_client_max_body_size,
        access_log=access_log,
        gate=make_gate(ground, foundation),
        limits=limits_of(conf),
    )


def make_explain(ground: Ground, foundation: Foundation) -> IExplain:
    """What tells what the proxy of this node would do with a request."""
    conf, state = ground.conf, foundation.state
    explainer = Explainer(
        state.routing,
        state.plugins,
        state.balancing,
        foundation.plugins.handlers,
        settings_of(conf),
        conf.router_flavor,
        ground.reactor,
    )

    async def explain(
        request: Mapping[str, Any], consumer_id: str | None, told_by: str | None
    ) -> dict[str, Any]:
        return await explainer.explain(Described(**request), consumer_id, told_by)

    return explain


def make_gate(ground: Ground, foundation: Foundation) -> Gate | None:
    """What asks the callers of the Admin API for their tokens; None with ``admin_auth = off``."""
    tokens = foundation.state.admin_tokens
    if tokens is None:
        return None
    if not tokens.rows["admin_tokens"] and ground.conf.admin_token is None:
        _log.warn(
            "admin_auth is token, and there is no token yet: make the first with 'kong admin-token create'"
        )
    permissions = Permissions(foundation.schemas)
    return Gate(tokens, permissions, ground.reactor.seconds, ground.conf.admin_token)


def make_health(ground: Ground, foundation: Foundation) -> HealthCheck:
    """How the node stands to its database."""
    feed = foundation.state.feed
    return HealthCheck(foundation.database.strategy, ground.reactor, lambda: feed.lag, lambda: feed.applied)


def make_readiness(ground: Ground, foundation: Foundation, health: HealthCheck) -> Readiness:
    """Whether the node can serve."""
    return Readiness(
        foundation.state.unready, health.now, needs_database=ground.conf.status_ready_needs_database
    )


def make_status_site(
    ground: Ground,
    foundation: Foundation,
    info: NodeInfo,
    health: HealthCheck,
    readiness: Readiness,
    access_log: WriteLine | None,
) -> BoundedSite:
    """What listens on ``status_listen``."""
    headers = AdminHeaders.configured(ground.conf.headers)
    state, strategy = foundation.state, foundation.database.strategy
    metrics = Metrics(
        info,
        health.now,
        state.feed,
        lambda: state.cache.statistics,
        strategy.members,
        strategy.pool_use,
    )
    return status_site(
        info, strategy, readiness, metrics, ground.reactor, headers=headers, access_log=access_log
    )


def _stores(mem_cache_size: int, state: NodeState) -> Mapping[str, StoreUse]:
    now = state.cache.statistics
    return {
        "kong_core_db_cache": StoreUse(mem_cache_size, now.bytes),
        "kong_core_db_cache_miss": StoreUse(MISS_BYTES, now.miss_bytes),
        "kong_db_cache": StoreUse(state.answers.max_bytes, state.answers.used),
    }


def _connections(gateway: Gateway) -> Connections:
    refused, admission = gateway.refused, gateway.admission
    return Connections(
        active=len(gateway.connections),
        accepted=gateway.accepted,
        # nginx has handled what it has accepted and had room for.
        handled=gateway.accepted - refused["node"] - refused["client"],
        requests=gateway.requests,
        refused=dict(refused),
        replaced=0 if admission is None else admission.replaced,
    )
