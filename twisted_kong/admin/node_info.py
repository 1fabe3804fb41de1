"""What the Admin API tells about the node itself, handed over by whoever puts the node together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def nothing_falls_short(config: Mapping[str, Any]) -> str | None:
    """Of a plugin that keeps whatever it is configured with."""
    return None


@dataclass(frozen=True, slots=True)
class PluginVersion:
    """A plugin that this node has loaded.

    :param shortfall: tells what of a configuration this version cannot keep, as a sentence goes on that
        begins with the plugin's name; None if it keeps all of it.
    """

    version: str
    priority: int
    shortfall: Callable[[Mapping[str, Any]], str | None] = nothing_falls_short


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """How much memory one of the node's processes occupies, in bytes."""

    pid: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StoreUse:
    """One of the node's stores in memory: how many bytes it may hold and how many it does."""

    capacity: int
    used: int


@dataclass(frozen=True, slots=True)
class Connections:
    """Counters of the proxy's connections and requests since the start, as nginx keeps them.

    Beyond nginx: ``refused`` are connections closed unserved, by the reason, ``replaced`` those that waited
    for a request when a full node needed their place.
    """

    active: int = 0
    reading: int = 0
    writing: int = 0
    waiting: int = 0
    accepted: int = 0
    handled: int = 0
    requests: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class Timers:
    """Delayed calls of the reactor: under way and still to come."""

    running: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """The node as ``GET /`` and ``GET /status`` show it.

    :param version: of this package, beside Kong's.
    :param configuration: every property in force, secrets masked already.
    :param plugins: those loaded on this node, by name.
    :param runtime: the interpreter, shown where Kong shows the version of Lua.
    :param main_pid: of the main process; ``worker_pids`` are those that serve requests.
    :param plugins_in_use: the names that any row has, where the node knows them; without it ``GET /`` reads
        the rows.
    :param stores: by the names of Kong's shared dictionaries (``kong_core_db_cache`` …).
    """

    node_id: str
    hostname: str
    version: str
    runtime: str
    configuration: Mapping[str, Any]
    plugins: Mapping[str, PluginVersion]
    main_pid: int
    worker_pids: Callable[[], Sequence[int]]
    plugins_in_use: Callable[[], Iterable[str]] | None = None
    memory: Callable[[], Sequence[ProcessMemory]] = tuple
    stores: Callable[[], Mapping[str, StoreUse]] = dict
    connections: Callable[[], Connections] = Connections
    timers: Callable[[], Timers] = Timers
    kong_version: str = field(default="3.9.1")

    def shortfall(self, name: str, config: Mapping[str, Any]) -> str | None:
        """What of a plugin's configuration this node cannot keep; None if nothing."""
        plugin = self.plugins.get(name)
        return None if plugin is None else plugin.shortfall(config)


def resident_bytes(pid: int, page_size: int = 4096) -> int:
    """The resident memory of a process of this machine; 0 where the kernel does not tell (Linux does)."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * page_size
    except (OSError, IndexError, ValueError):
        return 0
