"""Brings up a node's parts in the order of their needs, and notes how to undo each step before the next.

Nothing listens before the database is open, all that requests need is loaded and the plugins know their
configurations; the proxy listens last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from twisted_kong.admin.log_level import LogLevel
from twisted_kong.admin.status_app import Readiness
from twisted_kong.core.changes import Entity
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.core.conf.vaults import configured_vaults
from twisted_kong.core.replies import Replies
from twisted_kong.core.schema.registry import Schemas, build_schemas
from twisted_kong.db.database import Database
from twisted_kong.node.balancing import Balancing
from twisted_kong.node.convergence import Convergence
from twisted_kong.node.health.settings import SharedSettings
from twisted_kong.node.known_secrets import KnownSecrets
from twisted_kong.node.lifecycle import CannotStart
from twisted_kong.node.prefix import key_pairs
from twisted_kong.node.secrets import Secrets
from twisted_kong.node.shared_level import SharedLevel
from twisted_kong.node.steady import SteadyClock
from twisted_kong.node.warm_up import warm_up
from twisted_kong.pdk.loader import LoadedPlugins, PluginError, load_plugins
from twisted_kong.pdk.phases import Phases
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.listeners import Listening
from twisted_kong.proxy.real_ip import TrustedIps
from twisted_kong.service.cluster import Cluster, make_cluster
from twisted_kong.service.configuring import Configuring
from twisted_kong.service.control_plane import (
    make_admin_site,
    make_health,
    make_readiness,
    make_status_site,
    node_info,
)
from twisted_kong.service.data_plane import make_gateway, make_phases, replies_of
from twisted_kong.service.ground import Foundation, Ground
from twisted_kong.service.health import HealthChecks
from twisted_kong.service.listening import ADMIN, PROXY, STATUS, ListenerTls, SiteListening, single_process
from twisted_kong.service.logs import AccessLogs
from twisted_kong.service.names import make_names
from twisted_kong.service.opening import Opening
from twisted_kong.service.state import NodeState

# Makes the database of a node, not started; ``store.make_database`` outside of tests.
OpenDatabase = Callable[[Ground, Schemas], Database]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running node is made of, as far as anybody asks for it afterwards."""

    database: Database
    state: NodeState
    gateway: Gateway
    readiness: Readiness
    proxy: Listening
    admin: SiteListening
    status: SiteListening
    tls: ListenerTls


class PluginsMissing(CannotStart):
    """The database holds rows of a plugin that ``plugins`` does not name."""


class Builder:
    """Brings one node up, once.

    :param undo: is given the undoing of each step.  Whoever made it unwinds it, also when a step fails.
    :param waiting: called with the reason whenever the database is not there and will be tried again.
    :param known: learns the secrets that are looked up.
    :param polling: False for tests of what holds when no change is ever heard of.
    """

    def __init__(
        self,
        ground: Ground,
        undo: AsyncExitStack,
        *,
        logs: AccessLogs,
        log_level: LogLevel,
        make_database: OpenDatabase,
        waiting: Callable[[str], object],
        known: KnownSecrets,
        polling: bool = True,
    ) -> None:
        self._ground, self._undo, self._waiting = ground, undo, waiting
        self._logs, self._log_level = logs, log_level
        self._make_database, self._known, self._polling = make_database, known, polling

    async def build(self) -> Parts:
        """All of it; raises one of ``lifecycle.EXPLAINED`` for what the operator can mend."""
        conf = self._ground.conf
        replies = replies_of(conf)
        trusted = TrustedIps(map(str, conf.trusted_ips.networks))
        foundation = await self._lay_foundation(loaded_plugins(conf))
        phases = make_phases(self._ground, foundation, replies, trusted)
        await self._start_plugins(foundation.state, phases)
        cluster = await self._join(foundation)
        self._ground.host.loaded()
        gateway = self._start_gateway(foundation.state, phases, replies, trusted)
        return self._listen(foundation, gateway, cluster.convergence)

    async def _lay_foundation(self, plugins: LoadedPlugins) -> Foundation:
        conf, reactor = self._ground.conf, self._ground.reactor
        schemas = build_schemas(plugins.definitions, conf.router_flavor)
        database = await self._open_database(schemas)
        self._undo.push_async_callback(database.stop)
        clock = SteadyClock(reactor)
        names = make_names(conf, reactor, clock)
        self._undo.callback(names.stop)
        balancing = Balancing(names.resolve, clock.seconds, self._ground.host.new_uuid)
        checks = HealthChecks(self._ground, balancing, lambda: state.certificates)
        self._undo.push_async_callback(checks.stop)
        state = NodeState(
            conf,
            database,
            balancing,
            plugins.priorities,
            clock,
            secrets=Secrets(
                database["vaults"],
                configured_vaults(conf, self._ground.host.environment),
                schemas,
                self._known,
            ),
            polling=self._polling,
            chance=self._ground.host.chance,
            followers=(
                SharedLevel(database["parameters"], self._log_level.set),
                SharedSettings(lambda changes: state.upstreams.apply(changes), checks.monitor.set),
            ),
        )
        state.certificate_watchers.append(checks.forget)
        self._undo.push_async_callback(state.stop)
        await state.start()
        require_loaded(state.plugins.plugins.values(), plugins)
        await warm_up(state.cache, database.daos, conf.db_cache_warmup_entities, database.workspace, reactor)
        return Foundation(plugins, schemas, database, state, checks.monitor)

    async def _open_database(self, schemas: Schemas) -> Database:
        # A file belongs to this machine: nobody else brings it up to date, and nobody is about to bring it.
        embedded = self._ground.conf.database == "sqlite"
        opening = Opening(
            lambda: self._make_database(self._ground, schemas),
            self._ground.reactor,
            migrate=embedded,
            waits=not embedded,
            tell=self._waiting,
        )
        return await opening.database()

    async def _join(self, foundation: Foundation) -> Cluster:
        cluster = make_cluster(self._ground, foundation.database, foundation.state.feed)
        self._undo.push_async_callback(cluster.leave)
        await cluster.join()
        return cluster

    async def _start_plugins(self, state: NodeState, phases: Phases) -> None:
        configuring = Configuring(self._ground.reactor)
        self._undo.callback(configuring.stop)
        state.plugin_watchers.append(configuring.changed)
        await phases.init_worker()
        await configuring.begin(phases.configure)

    def _start_gateway(
        self, state: NodeState, phases: Phases, replies: Replies, trusted: TrustedIps
    ) -> Gateway:
        gateway = make_gateway(self._ground, state, phases, replies, trusted, self._logs.proxy())

        async def cut_off() -> None:
            # The node stops at once: whoever is still connected is cut off in the next turn.
            await gateway.drain(self._ground.reactor, 0)

        self._undo.callback(gateway.wheel.stop)
        self._undo.push_async_callback(cut_off)
        return gateway

    def _listen(self, foundation: Foundation, gateway: Gateway, convergence: Convergence) -> Parts:
        ground, conf, reactor = self._ground, self._ground.conf, self._ground.reactor
        certificates = foundation.state.certificates
        tls = ListenerTls(conf, key_pairs, certificates.certificate_for)
        certificates.watchers.append(tls.forget)
        info = node_info(ground, foundation, gateway)
        health = make_health(ground, foundation)
        readiness = make_readiness(ground, foundation, health)
        status_site = make_status_site(ground, foundation, info, health, readiness, self._logs.status())
        status = SiteListening(reactor, conf.status_listen, status_site, tls.chooser(STATUS), "Status API")
        admin_site = make_admin_site(
            ground, foundation, info, self._log_level, convergence, self._logs.admin()
        )
        admin = SiteListening(reactor, conf.admin_listen, admin_site, tls.chooser(ADMIN))
        proxy = Listening(reactor, single_process(conf.proxy_listen), gateway, tls.of(PROXY))
        for listening in (status, admin, proxy):
            self._undo.push_async_callback(_stop, listening)
            listening.start()
        return Parts(foundation.database, foundation.state, gateway, readiness, proxy, admin, status, tls)


def require_loaded(rows: Iterable[Entity], plugins: LoadedPlugins) -> None:
    """Refuse to start without a plugin that is in use: Services would stand open that it shall guard.

    Kong: its list of plugins is not built then, and the start fails with this text.
    """
    loaded = set(plugins.names)
    missing = sorted({row["name"] for row in rows if row["enabled"]} - loaded)
    if missing:
        raise PluginsMissing(f"{missing[0]} plugin is in use but not enabled; add it to 'plugins'")


def loaded_plugins(conf: Conf) -> LoadedPlugins:
    """The plugins that ``plugins`` names; ConfError for one that cannot be used."""
    try:
        return load_plugins(conf.plugins)
    except PluginError as error:
        raise ConfError([Problem(str(error), conf.settings["plugins"].origin)]) from None


async def _stop(listening: Listening | SiteListening) -> None:
    await listening.stop()
