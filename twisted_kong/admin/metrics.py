"""``GET /metrics`` of the Status API, in the text format of Prometheus.

Everything is looked up when it is asked for: requests that the proxy serves count nothing here.
Names and texts are those of Kong's plugin ``prometheus`` where it has one; the others begin with
``twisted_kong_``.  Kong: what only grows is a gauge in its plugin, and so it is here under its names.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.database_health import DatabaseHealth
from twisted_kong.admin.node_info import NodeInfo
from twisted_kong.core.changes import Position
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import Member, PoolUse
from twisted_kong.db.positions import LogPosition
from twisted_kong.node.cache_statistics import CacheStatistics
from twisted_kong.node.standing import is_live

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SUBSYSTEM = "http"

# The values of a metric by those of its labels.
Values = dict[tuple[str, ...], float]


class Feed(Protocol):
    """What is told of the reader of the log; see :class:`twisted_kong.node.feed.ChangeFeed`."""

    @property
    def position(self) -> Position | None:
        """Up to where the log was read."""

    @property
    def applied(self) -> Position | None:
        """Up to where it was applied."""

    @property
    def pending(self) -> int:
        """Batches read and not applied."""

    @property
    def errors(self) -> int:
        """Failures to read or apply."""

    @property
    def doubts(self) -> int:
        """How often everything was dropped."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the numbers come from."""

    node: NodeInfo
    health: Callable[[], Awaitable[DatabaseHealth]]
    feed: Feed
    cache: Callable[[], CacheStatistics]
    members: Callable[[], Awaitable[Sequence[Member]]]
    pools: Callable[[], Mapping[str, PoolUse]] = dict


def metrics_table(metrics: Metrics) -> Table:
    """The endpoint."""

    async def show(call: Call) -> Answer:
        registry = CollectorRegistry(auto_describe=False)
        health = await metrics.health()
        registry.register(_Snapshot(metrics, health, await _members(metrics, health)))
        return Answer(200, generate_latest(registry), CONTENT_TYPE)

    return {"/metrics": {"GET": show}}


async def _members(metrics: Metrics, health: DatabaseHealth) -> Sequence[Member] | None:
    """The nodes on the database; None where that cannot be told now."""
    if not health.reachable:
        return None
    try:
        return await metrics.members()
    except DatabaseError:
        return None


class _Snapshot(Collector):
    """All numbers as they are now."""

    def __init__(self, metrics: Metrics, health: DatabaseHealth, members: Sequence[Member] | None) -> None:
        self._metrics, self._health, self._members = metrics, health, members

    @override
    def collect(self) -> Iterable[Metric]:
        yield from _node(self._metrics.node)
        yield from _database(self._health, self._metrics.feed)
        if self._members is not None:
            live = sum(map(is_live, self._members))
            nodes: Values = {("live",): live, ("dead",): len(self._members) - live}
            yield _gauge("twisted_kong_cluster_nodes", "Nodes on this database", ("state",), nodes)
        yield from _cache(self._metrics.cache())
        yield from _pools(self._metrics.pools())


def _node(node: NodeInfo) -> Iterator[Metric]:
    yield _gauge(
        "kong_node_info",
        "Kong Node metadata information",
        ("node_id", "version"),
        {(node.node_id, node.kong_version): 1},
    )
    stores = node.stores()
    labels = ("node_id", "shared_dict", "kong_subsystem")
    yield _gauge(
        "kong_memory_lua_shared_dict_bytes",
        "Allocated slabs in bytes in a shared_dict",
        labels,
        {(node.node_id, name, _SUBSYSTEM): use.used for name, use in stores.items()},
    )
    yield _gauge(
        "kong_memory_lua_shared_dict_total_bytes",
        "Total capacity in bytes of a shared_dict",
        labels,
        {(node.node_id, name, _SUBSYSTEM): use.capacity for name, use in stores.items()},
    )
    yield _gauge(
        "kong_memory_workers_lua_vms_bytes",
        "Allocated bytes in worker Lua VM",
        ("node_id", "pid", "kong_subsystem"),
        {(node.node_id, str(each.pid), _SUBSYSTEM): each.bytes for each in node.memory()},
    )
    yield from _traffic(node)


def _traffic(node: NodeInfo) -> Iterator[Metric]:
    connections, timers = node.connections(), node.timers()
    states = {
        "accepted": connections.accepted,
        "active": connections.active,
        "handled": connections.handled,
        "reading": connections.reading,
        "total": connections.requests,
        "waiting": connections.waiting,
        "writing": connections.writing,
    }
    yield _gauge(
        "kong_nginx_connections_total",
        "Number of connections by subsystem",
        ("node_id", "subsystem", "state"),
        {(node.node_id, _SUBSYSTEM, state): count for state, count in states.items()},
    )
    refused = CounterMetricFamily(
        "twisted_kong_connections_refused",
        "Connections of clients closed unserved: too many of the node or of one client, no PROXY header",
        labels=("reason",),
    )
    for reason in ("node", "client", "proxy_protocol"):
        refused.add_metric((reason,), connections.refused.get(reason, 0))
    yield refused
    about = "Connections of clients that waited for a request when a full node needed their place"
    yield _counter("twisted_kong_connections_replaced", about, connections.replaced)
    yield _gauge(
        "kong_nginx_requests_total",
        "Number of requests total",
        ("node_id", "subsystem"),
        {(node.node_id, _SUBSYSTEM): connections.requests},
    )
    yield _gauge(
        "kong_nginx_timers",
        "Number of nginx timers",
        ("state",),
        {("pending",): timers.pending, ("running",): timers.running},
    )


def _database(health: DatabaseHealth, feed: Feed) -> Iterator[Metric]:
    yield _gauge(
        "kong_datastore_reachable",
        "Datastore reachable from Kong, 0 is unreachable",
        (),
        {(): health.reachable},
    )
    if health.stale_seconds is not None:
        about = "Seconds since this node had surely applied every change"
        yield _gauge("twisted_kong_database_stale_seconds", about, (), {(): health.stale_seconds})
    for name, position in (("read", feed.position), ("applied", feed.applied)):
        if isinstance(position, LogPosition):
            about = f"Number of the last change in the log that this node has {name}"
            yield _gauge(f"twisted_kong_log_{name}_position", about, (), {(): position.number})
    about = "Batches of changes that were read and are not applied yet"
    yield _gauge("twisted_kong_log_pending_batches", about, (), {(): feed.pending})
    yield _counter("twisted_kong_log_errors", "Failures to read or apply the log of changes", feed.errors)
    yield _counter("twisted_kong_log_doubts", "How often everything was loaded again", feed.doubts)


def _cache(cache: CacheStatistics) -> Iterator[Metric]:
    lookups = CounterMetricFamily(
        "twisted_kong_cache_lookups", "Looks into the entity cache by what they found", labels=("found",)
    )
    for found, count in (("hit", cache.hits), ("miss", cache.misses), ("nothing", cache.absents)):
        lookups.add_metric((found,), count)
    yield lookups
    for name, about, count in (
        ("loads", "Reads of the database for the cache", cache.loads),
        ("load_errors", "Reads that have failed", cache.load_errors),
        ("resurrections", "Expired values served since their read has failed", cache.resurrections),
        ("voided", "Reads not kept since a change has overtaken them", cache.voided),
        ("evictions", "Entries that had to leave for others", cache.evictions),
    ):
        yield _counter(f"twisted_kong_cache_{name}", about, count)
    entries: Values = {("hit",): cache.entries, ("miss",): cache.miss_entries}
    yield _gauge("twisted_kong_cache_entries", "Entries of the cache", ("kind",), entries)
    reads: Values = {
        ("under_way",): cache.reading,
        ("waiting",): cache.waiting,
        ("refill",): cache.refill_queue,
    }
    about = "Reads for the cache: under way, waited for by requests, to refill what was purged softly"
    yield _gauge("twisted_kong_cache_reads", about, ("state",), reads)


def _pools(pools: Mapping[str, PoolUse]) -> Iterator[Metric]:
    if pools:
        states: Values = {
            (name, state): getattr(use, state)
            for name, use in pools.items()
            for state in ("size", "open", "busy", "waiting")
        }
        about = "Connections to the database: how many there may be, are open, are at work; who waits for one"
        yield _gauge("twisted_kong_pool_connections", about, ("pool", "state"), states)


def _gauge(name: str, about: str, labels: tuple[str, ...], values: Values) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, about, labels=labels)
    for key, value in values.items():
        gauge.add_metric(key, value)
    return gauge


def _counter(name: str, about: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, about, value=value)
