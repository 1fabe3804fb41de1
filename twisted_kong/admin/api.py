"""The Admin API put together: every endpoint there is, over the parts of the node that they use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.app import ALL_HEADERS, AdminApp, AdminHeaders
from twisted_kong.admin.batch import PATH as BATCH
from twisted_kong.admin.batch import Batch
from twisted_kong.admin.calls import Table, merged
from twisted_kong.admin.confirmation import Confirmation, IConvergence
from twisted_kong.admin.dispatch import Paths
from twisted_kong.admin.dry_run import DryRun, TableOver
from twisted_kong.admin.endpoints import generated, has_endpoints, without
from twisted_kong.admin.kinds import Follow, Kind, NamedKind
from twisted_kong.admin.log_level import LogLevel
from twisted_kong.admin.masking import Masking
from twisted_kong.admin.metrics import Metrics
from twisted_kong.admin.node_info import NodeInfo
from twisted_kong.admin.openapi.document import Source
from twisted_kong.admin.openapi.endpoints.everything import all_components, all_descriptions
from twisted_kong.admin.routes.acls import GroupEndpoints
from twisted_kong.admin.routes.admin_tokens import AdminTokenEndpoints, AdminTokenKind
from twisted_kong.admin.routes.cache import ICache, cache_table
from twisted_kong.admin.routes.certificates import CertificateKind
from twisted_kong.admin.routes.cluster import ClusterEndpoints
from twisted_kong.admin.routes.config import CONFIG, ConfigEndpoints
from twisted_kong.admin.routes.consumers import consumers_table
from twisted_kong.admin.routes.diff import DiffEndpoints
from twisted_kong.admin.routes.explain import IExplain, explain_table
from twisted_kong.admin.routes.health_setting import HealthSetting
from twisted_kong.admin.routes.information import endpoints_table, root_table, status_table, timers_table
from twisted_kong.admin.routes.log_level import log_level_table, shared_log_level_table
from twisted_kong.admin.routes.openapi import OpenApiEndpoints
from twisted_kong.admin.routes.plugins import PluginKind
from twisted_kong.admin.routes.proxy_cache import NAME as PROXY_CACHE
from twisted_kong.admin.routes.proxy_cache import IStoredAnswers, ProxyCacheEndpoints
from twisted_kong.admin.routes.schemas import SchemaEndpoints
from twisted_kong.admin.routes.tags import tags_table
from twisted_kong.admin.routes.target_health import Lookup
from twisted_kong.admin.routes.targets import IHealth, TargetEndpoints
from twisted_kong.admin.routes.unavailable import unavailable
from twisted_kong.admin.site import MEGABYTE, BoundedSite
from twisted_kong.admin.status_app import Readiness, status_app_table
from twisted_kong.admin.tokens import Gate
from twisted_kong.admin.trials import Trials
from twisted_kong.core.http1.requests import Limits
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import IChangeLog
from twisted_kong.db.staging import JointWrites

# Paths that follow from the schemas but that Kong answers 404.
HIDDEN = ("/targets", "/targets/{targets}", "/targets/{targets}/upstream", "/snis/{snis}/certificate")

# Paths whose endpoints show by themselves what they would do.
TRIED_BY_THEMSELVES = frozenset({BATCH, CONFIG})

ANY_HOST = AccessRules(hosts=["*"])


@dataclass(frozen=True, slots=True)
class AdminParts:
    """The parts of a node that its Admin API reaches.

    :param follow: makes the node (all its processes) follow a write; awaited before the answer.
    :param lookup: the addresses that the node sends requests for a host to.
    :param health: what the node knows of the health of Targets.
    :param answers: those that proxy-cache keeps.
    :param explain: tells what the proxy of the node would do with a request.
    """

    database: Database
    schemas: Mapping[str, Schema]
    follow: Follow
    cache: ICache
    node: NodeInfo
    log_level: LogLevel
    convergence: IConvergence
    lookup: Lookup
    health: IHealth
    answers: IStoredAnswers
    explain: IExplain


def admin_table(parts: AdminParts) -> Table:
    """Every endpoint of the Admin API."""
    node, database, kinds, trials = parts.node, parts.database, kinds_of(parts), Trials()

    def now() -> float:
        return database.write_context().now

    table = merged(
        entity_table(parts),
        HealthSetting(target_endpoints(parts, kinds), kinds["parameters"], now).table(),
        SchemaEndpoints(parts.schemas, database.write_context, lambda: list(node.plugins)).table(),
        cache_table(parts.cache, Masking(parts.schemas.values())),
        root_table(node, database["plugins"]),
        status_table(node, database.log),
        timers_table(node),
        log_level_table(parts.log_level),
        shared_log_level_table(kinds["parameters"]),
        ClusterEndpoints(parts.convergence, database.log, database.instance, now).table(),
        ConfigEndpoints(database, parts.follow, trials).table(),
        DiffEndpoints(database, trials).table(),
        explain_table(parts.explain, database["consumers"]),
        unavailable(),
        proxy_cache_table(parts),
        Batch(database, entities_over(parts), parts.schemas, parts.follow, lambda: finder).table(),
        OpenApiEndpoints(lambda: openapi_source(parts, whole), database.clock).table(),
    )
    whole = merged(table, endpoints_table(lambda: whole))
    # Now and not for the first batch: it takes a while, and the server needs the same.
    finder = Paths(whole)
    return whole


def proxy_cache_table(parts: AdminParts) -> Table:
    """The endpoints that come with proxy-cache, where it is loaded."""
    endpoints = ProxyCacheEndpoints(parts.answers, parts.database["plugins"])
    return endpoints.table() if PROXY_CACHE in parts.node.plugins else {}


def openapi_source(parts: AdminParts, table: Table) -> Source:
    """What the OpenAPI document of some endpoints is made from."""
    shown = {name: schema for name, schema in parts.schemas.items() if has_rows(parts.database, name)}
    demanded = parts.node.configuration.get("admin_auth") == "token"
    return Source(
        parts.node.version, table, shown, all_descriptions(shown), all_components(), demands_token=demanded
    )


def has_rows(database: Database, kind: str) -> bool:
    """Whether the Admin API shows entities of a kind; tags are a view of the others."""
    return kind == "tags" or (kind in database.daos and has_endpoints(database.schemas[kind]))


def entity_table(parts: AdminParts) -> Table:
    """The endpoints of entities: all that they do is to read and write through the database."""
    kinds = kinds_of(parts)
    return merged(
        without(generated(kinds, JointWrites(parts.database)), HIDDEN),
        consumers_table(kinds["consumers"]),
        GroupEndpoints(kinds["consumers"], kinds["acls"]).table() if "acls" in kinds else {},
        target_endpoints(parts, kinds).table(),
        tags_table(parts.schemas["tags"], parts.database),
        AdminTokenEndpoints(kinds["admin_tokens"]).table(),
    )


def target_endpoints(parts: AdminParts, kinds: Mapping[str, Kind]) -> TargetEndpoints:
    """The endpoints of Targets, by which those that set their health find them too."""
    upstreams, targets = kinds["upstreams"], kinds["targets"]
    return TargetEndpoints(upstreams, targets, parts.node.node_id, parts.lookup, parts.health)


def entities_over(parts: AdminParts) -> TableOver:
    """The endpoints of entities over another database than the node's, which nobody follows."""

    async def follow(written: Written) -> bool:
        return True

    return lambda database: entity_table(replace(parts, database=database, follow=follow))


def kinds_of(parts: AdminParts) -> dict[str, Kind]:
    """The kinds of entities that have rows."""
    kinds: dict[str, Kind] = {}
    for name, dao in parts.database.daos.items():
        schema = parts.schemas[name]
        kind = NamedKind if schema.subschema_key == "name" else Kind
        kinds[name] = kind(schema, dao, parts.follow)
    if "certificates" in kinds and "snis" in kinds:
        plain = kinds["certificates"]
        kinds["certificates"] = CertificateKind(plain.schema, plain.dao, parts.follow, kinds["snis"].dao)
    plain = kinds["plugins"]
    kinds["plugins"] = PluginKind(plain.schema, plain.dao, parts.follow, parts.node.shortfall)
    plain = kinds["admin_tokens"]
    kinds["admin_tokens"] = AdminTokenKind(plain.schema, plain.dao, parts.follow)
    return kinds


def admin_site(
    parts: AdminParts,
    reactor: Any,
    access: AccessRules,
    *,
    headers: AdminHeaders = ALL_HEADERS,
    body_limit: int = 10 * MEGABYTE,
    access_log: Callable[[str], None] | None = None,
    gate: Gate | None = None,
    limits: Limits = Limits(),  # noqa: B008 -- it never changes
) -> BoundedSite:
    """The site to listen with on ``admin_listen``. Call it only after the reactor was chosen.

    :param body_limit: ``nginx_admin_client_max_body_size`` in bytes, 0 for none.
    :param access_log: is handed a line for each answered request.
    :param gate: asks for tokens, with ``admin_auth = token``.
    :param limits: how large a head may be.
    """
    confirmation = Confirmation(parts.convergence, parts.database.log.parse_position)
    before_write = parts.database.strategy.catch_up
    dry_run = DryRun(parts.database, entities_over(parts), parts.schemas, TRIED_BY_THEMSELVES)
    app = AdminApp(admin_table(parts), access, reactor, headers, confirmation, before_write, dry_run, gate)
    return BoundedSite(
        app.resource(),
        reactor,
        body_limit=body_limit,
        access_log=access_log,
        masking=Masking(parts.schemas.values()),
        limits=limits,
        refusal=app.refusal,
    )


def status_site(
    node: NodeInfo,
    log: IChangeLog,
    readiness: Readiness,
    metrics: Metrics,
    reactor: Any,
    access: AccessRules = ANY_HOST,
    *,
    headers: AdminHeaders = ALL_HEADERS,
    access_log: Callable[[str], None] | None = None,
) -> BoundedSite:
    """The site to listen with on ``status_listen``: for whoever monitors, by whatever name it is reached."""
    app = AdminApp(status_app_table(node, log, readiness, metrics), access, reactor, headers)
    return BoundedSite(app.resource(), reactor, access_log=access_log, refusal=app.refusal)
