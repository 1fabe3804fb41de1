"""Builds the parts of a node in the order of their needs, each with its undoing."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from twisted_kong.admin.log_level import LogLevel
from twisted_kong.admin.status_app import Readiness
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.core.errors import DatabaseError
from twisted_kong.core.replies import Replies
from twisted_kong.core.schema.registry import Schemas, build_schemas
from twisted_kong.db.database import Database
from twisted_kong.node.balancing import Balancing
from twisted_kong.node.prefix import key_pairs, node_id
from twisted_kong.pdk.gateway import Gateway as PluginGateway
from twisted_kong.pdk.loader import LoadedPlugins, PluginError, load_plugins
from twisted_kong.pdk.phases import Phases
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.listeners import Listening
from twisted_kong.proxy.real_ip import TrustedIps
from twisted_kong.proxy.tls import ClientTls, ServerTls
from twisted_kong.service.configuring import Configuring
from twisted_kong.service.control_plane import make_admin_site, make_status_site, node_info
from twisted_kong.service.data_plane import make_balancing, make_client_tls, make_gateway, replies_of
from twisted_kong.service.host import Host
from twisted_kong.service.listening import SiteListening, single_process
from twisted_kong.service.logs import AccessLogs
from twisted_kong.service.state import NodeState
from twisted_kong.service.store import make_database

# The groups of listeners, as the names of their certificates begin.
PROXY, ADMIN, STATUS = "", "admin_", "status_"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running node is made of, as far as anybody outside asks for it."""

    database: Database
    state: NodeState
    gateway: Gateway
    readiness: Readiness
    proxy: Listening
    admin: SiteListening
    status: SiteListening
    tls: dict[str, ServerTls]

    def renew_certificates(self, conf: Conf) -> None:
        """Read the listeners' certificates again, from wherever ``conf`` says; for new connections."""
        for group, tls in self.tls.items():
            tls.renew(key_pairs(conf, group))


class Builder:
    """Brings one node up.

    :param undo: is given the undoing of each step, also when a later one fails.
    :param polling: False for tests of what holds when no change is ever heard of.
    """

    def __init__(
        self,
        conf: Conf,
        reactor: Any,
        host: Host,
        undo: AsyncExitStack,
        *,
        logs: AccessLogs,
        log_level: LogLevel,
        polling: bool = True,
    ) -> None:
        self._conf, self._reactor, self._host, self._undo = conf, reactor, host, undo
        self._logs, self._log_level, self._polling = logs, log_level, polling
        self._identity = node_id(conf, host.new_uuid)
        self._trusted = TrustedIps(map(str, conf.trusted_ips.networks))

    async def build(self) -> Parts:
        """All of it; raises one of ``lifecycle.EXPLAINED`` for what the operator can mend."""
        plugins = loaded_plugins(self._conf)
        schemas = build_schemas(plugins.definitions, self._conf.router_flavor)
        replies = replies_of(self._conf)
        balancing = make_balancing(self._conf, self._reactor)
        database = await self._open(schemas)
        configuring = Configuring(self._reactor)
        self._undo.callback(configuring.stop)
        state = NodeState(
            self._conf, database, balancing, plugins.priorities, self._reactor, polling=self._polling
        )
        state.plugin_watchers.append(configuring.changed)
        self._undo.push_async_callback(state.stop)
        await state.start()
        phases = self._make_phases(plugins, database, state, replies)
        await phases.init_worker()
        await configuring.begin(phases.configure)
        gateway = self._make_gateway(state, phases, balancing, replies)
        return self._listen(plugins, schemas, database, state, gateway)

    async def _open(self, schemas: Schemas) -> Database:
        database = make_database(self._conf, schemas, self._reactor, self._host)
        self._undo.push_async_callback(database.stop)
        await database.start()
        return database

    def _make_phases(
        self, plugins: LoadedPlugins, database: Database, state: NodeState, replies: Replies
    ) -> Phases:
        gateway = PluginGateway(
            state.cache,
            database,
            self._identity,
            self._host.hostname,
            self._host.new_uuid,
            self._reactor.seconds,
            is_trusted=self._trusted.__contains__,
            configuration=self._conf,
            replies=replies,
            pid=self._host.pid(),
            log_level=self._conf.log_level,
        )
        return Phases(state.plugins.plan, plugins.handlers, gateway)

    def _make_gateway(
        self, state: NodeState, phases: Phases, balancing: Balancing, replies: Replies
    ) -> Gateway:
        tls: ClientTls = make_client_tls(self._conf, state.certificates)
        state.certificate_watchers.append(tls.forget)
        gateway = make_gateway(
            self._conf,
            self._reactor,
            self._host,
            state.routing,
            phases,
            balancing,
            replies,
            trusted=self._trusted,
            tls=tls,
            log=self._logs.proxy(),
        )
        self._undo.callback(gateway.wheel.stop)
        self._undo.push_async_callback(_close, gateway, self._reactor)
        return gateway

    def _listen(
        self,
        plugins: LoadedPlugins,
        schemas: Schemas,
        database: Database,
        state: NodeState,
        gateway: Gateway,
    ) -> Parts:
        conf, reactor = self._conf, self._reactor
        info = node_info(conf, self._host, self._identity, plugins, state, reactor, gateway)
        readiness = Readiness(Unready(database, state))
        tls = {
            group: ServerTls(key_pairs(conf, group), conf.tls)
            for group in (PROXY, ADMIN, STATUS)
            if any(listener.ssl for listener in getattr(conf, f"{group or 'proxy_'}listen"))
        }
        proxy = Listening(reactor, single_process(conf.proxy_listen), gateway, tls.get(PROXY))
        admin = SiteListening(
            reactor,
            conf.admin_listen,
            make_admin_site(
                conf, database, schemas, state, info, self._log_level, reactor, self._logs.admin()
            ),
            tls.get(ADMIN),
        )
        status = SiteListening(
            reactor,
            conf.status_listen,
            make_status_site(conf, database, info, readiness, reactor, self._logs.status()),
            tls.get(STATUS),
        )
        for listening in (status, admin, proxy):
            self._undo.push_async_callback(_stop, listening)
            listening.start()
        return Parts(database, state, gateway, readiness, proxy, admin, status, tls)


class Unready:
    """Tells in Kong's words why a node cannot serve."""

    def __init__(self, database: Database, state: NodeState) -> None:
        self._database = database
        self._state = state

    async def __call__(self) -> str | None:
        """The reason, None if it can."""
        try:
            await self._database.log.head()
        except DatabaseError:
            return "failed to connect to database"
        return self._state.unready()


def loaded_plugins(conf: Conf) -> LoadedPlugins:
    """The plugins that ``plugins`` names; ConfError for one that cannot be used."""
    try:
        return load_plugins(conf.plugins)
    except PluginError as error:
        raise ConfError([Problem(str(error), conf.settings["plugins"].origin)]) from None


async def _stop(listening: Listening | SiteListening) -> None:
    await listening.stop()


async def _close(gateway: Gateway, reactor: Any) -> None:
    # The node stops at once: whoever is still connected is cut off in the next turn.
    await gateway.drain(reactor, 0)
