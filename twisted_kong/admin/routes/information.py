"""What the node tells about itself: ``/``, ``/status``, ``/timers``, ``/endpoints``, ``/robots.txt``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted_kong.admin.answers import TEXT, Answer, as_json
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.node_info import NodeInfo, StoreUse
from twisted_kong.admin.sizes import SizeFormat
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.dao import Dao
from twisted_kong.db.interfaces import IChangeLog

# Kong's shared dictionaries: whoever watches one finds it. Those that a node has no store for hold nothing.
DICTIONARIES = (
    "kong",
    "kong_cluster_events",
    "kong_core_db_cache",
    "kong_core_db_cache_miss",
    "kong_db_cache",
    "kong_db_cache_miss",
    "kong_healthchecks",
    "kong_locks",
    "kong_rate_limiting_counters",
    "kong_secrets",
    "prometheus_metrics",
)

ROBOTS = b"User-agent: *\nDisallow: /"


def root_table(node: NodeInfo, plugins: Dao) -> Table:
    """``GET /``: what this node is and how it is configured.

    :param plugins: the DAO of Plugins, read for which are in use where the node does not know.
    """

    async def root(call: Call) -> Answer:
        in_use = await _plugins_in_use(node, plugins)
        timers = node.timers()
        return as_json(
            200,
            {
                "tagline": "Welcome to kong",
                "version": node.kong_version,
                "edition": "community",
                "implementation": {"name": "twisted_kong", "version": node.version},
                "hostname": node.hostname,
                "node_id": node.node_id,
                "lua_version": node.runtime,
                "timers": {"running": timers.running, "pending": timers.pending},
                "plugins": {
                    "available_on_server": {
                        name: {"version": plugin.version, "priority": plugin.priority}
                        for name, plugin in node.plugins.items()
                    },
                    "enabled_in_cluster": in_use,
                },
                "configuration": node.configuration,
                "pids": {"master": node.main_pid, "workers": list(node.worker_pids())},
            },
        )

    return {"/": {"GET": root}}


def status_table(node: NodeInfo, log: IChangeLog) -> Table:
    """``GET /status`` and ``/robots.txt``: on the Admin API and on the Status API alike.

    :param log: asked whether the database can be reached.
    """

    async def status(call: Call) -> Answer:
        sizes = _sizes(call)
        try:
            await log.ping()
            reachable = True
        except DatabaseError:
            reachable = False
        return as_json(
            200,
            {
                "memory": _memory(node, sizes),
                "server": _server(node),
                "database": {"reachable": reachable},
            },
        )

    async def robots(call: Call) -> Answer:
        return Answer(200, ROBOTS, TEXT)

    return {"/status": {"GET": status}, "/robots.txt": {"GET": robots}}


def timers_table(node: NodeInfo) -> Table:
    """``GET /timers``: how many delayed calls the reactor holds; they have no names here."""

    async def timers(call: Call) -> Answer:
        now = node.timers()
        return as_json(
            200,
            {
                "worker": {"id": 0, "count": max(1, len(node.worker_pids()))},
                "stats": {
                    "sys": {
                        "total": now.running + now.pending,
                        "runs": 0,
                        "pending": now.pending,
                        "waiting": 0,
                        "running": now.running,
                    },
                    "timers": {},
                    "flamegraph": {"running": "", "pending": "", "elapsed_time": ""},
                },
            },
        )

    return {"/timers": {"GET": timers}}


def endpoints_table(paths: Callable[[], Iterable[str]]) -> Table:
    """``GET /endpoints``: every path there is; asked for when they are all known."""

    async def endpoints(call: Call) -> Answer:
        return as_json(200, {"data": sorted(paths())})

    return {"/endpoints": {"GET": endpoints}}


async def _plugins_in_use(node: NodeInfo, plugins: Dao) -> list[str]:
    """The names of the plugins that have at least one row."""
    if node.plugins_in_use is not None:
        return sorted(set(node.plugins_in_use()))
    return sorted({row["name"] async for row in plugins.each()})


def _sizes(call: Call) -> SizeFormat:
    wanted = {name: text for name, text in call.query if name in ("unit", "scale")}
    try:
        return SizeFormat(**wanted)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _memory(node: NodeInfo, sizes: SizeFormat) -> Mapping[str, Any]:
    """Kong's names: the memory of a process stands where Kong shows that of its Lua machine."""
    return {
        "workers_lua_vms": [
            {"pid": process.pid, "http_allocated_gc": sizes.write(process.bytes)} for process in node.memory()
        ],
        "lua_shared_dicts": {
            name: {"capacity": sizes.write(use.capacity), "allocated_slabs": sizes.write(use.used)}
            for name, use in {**dict.fromkeys(DICTIONARIES, StoreUse(0, 0)), **node.stores()}.items()
        },
    }


def _server(node: NodeInfo) -> Mapping[str, int]:
    counted = node.connections()
    return {
        "connections_active": counted.active,
        "connections_reading": counted.reading,
        "connections_writing": counted.writing,
        "connections_waiting": counted.waiting,
        "connections_accepted": counted.accepted,
        "connections_handled": counted.handled,
        "total_requests": counted.requests,
    }
