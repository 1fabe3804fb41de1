"""How a PostgreSQL server is reached, as the ``pg_*`` and ``pg_ro_*`` properties say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.secret import Secret
from twisted_kong.core.hosts import parse_servers

POOL_SIZE = 10
BACKLOG = 1000
# Kong: the pool's connections live as long as any other idle socket, ``lua_socket_keepalive_timeout``.
IDLE_SECONDS = 60.0
# Kong: ``pg_timeout = 0`` leaves it to OpenResty, which then waits so long.
_LONGEST_TIMEOUT = 60.0

_SUFFIXES = (
    "host",
    "port",
    "database",
    "schema",
    "timeout",
    "user",
    "password",
    "ssl",
    "ssl_verify",
    "max_concurrent_queries",
    "semaphore_timeout",
    "keepalive_timeout",
    "pool_size",
    "backlog",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach one server, or several that stand in for each other. Times in seconds.

    ``hosts`` are tried in this order: names, addresses or directories of a Unix socket, with their ports.
    ``timeout`` is for a connection to be made and for each query to be answered.
    ``schema`` is None where the server's own search path shall decide.
    ``ca_file`` holds the certificates that ``ssl_verify`` trusts.
    ``pool_size`` counts all connections, the listening one too; ``backlog`` is how many queries may wait for
    one, each for ``acquire_timeout``.  Idle connections are closed after ``idle_timeout``, 0 for never.
    """

    hosts: tuple[tuple[str, int], ...]
    database: str = "kong"
    user: str = "kong"
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    timeout: float = 5.0
    ssl: bool = False
    ssl_verify: bool = False
    ca_file: str | None = None
    pool_size: int = POOL_SIZE
    backlog: int = BACKLOG
    acquire_timeout: float = 60.0
    idle_timeout: float = IDLE_SECONDS


def primary_settings(conf: Conf, ca_file: str | None = None) -> Settings:
    """How to reach the server that is written to.

    :param ca_file: the file with the certificates of ``lua_ssl_trusted_certificate``.
    """
    return _settings({suffix: getattr(conf, f"pg_{suffix}") for suffix in _SUFFIXES}, ca_file)


def replica_settings(conf: Conf, ca_file: str | None = None) -> Settings | None:
    """How to reach the server that is read from; None without ``pg_ro_host``.

    What is not said of it is as with the other.
    """
    if conf.pg_ro_host is None:
        return None
    values = {}
    for suffix in _SUFFIXES:
        own = getattr(conf, f"pg_ro_{suffix}")
        values[suffix] = getattr(conf, f"pg_{suffix}") if own is None else own
    return _settings(values, ca_file)


def _settings(values: Mapping[str, Any], ca_file: str | None) -> Settings:
    password, concurrent = values["password"], values["max_concurrent_queries"]
    size = values["pool_size"] or POOL_SIZE
    idle = values["keepalive_timeout"]
    return Settings(
        hosts=parse_servers(values["host"], values["port"]),
        database=values["database"],
        user=values["user"],
        password=password.reveal() if isinstance(password, Secret) else password,
        schema=values["schema"] or None,
        timeout=values["timeout"] / 1000 or _LONGEST_TIMEOUT,
        ssl=values["ssl"],
        ssl_verify=values["ssl_verify"],
        ca_file=ca_file,
        pool_size=min(size, concurrent) if concurrent else size,
        backlog=BACKLOG if values["backlog"] is None else values["backlog"],
        acquire_timeout=values["semaphore_timeout"] / 1000,
        idle_timeout=IDLE_SECONDS if idle is None else idle / 1000,
    )
