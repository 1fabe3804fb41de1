"""Memory per idle keep-alive connection: resident bytes before and after some thousand of them."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from bench.lab import Lab
from bench.measure import usage
from bench.process import StartFailed
from bench.report import Table
from bench.servers import Contestant, Running, Site, measure_each

CONNECTIONS = 5_000
WARM_UP_CONNECTIONS = 50
TIMEOUT_SECONDS = 10.0
SETTLE_SECONDS = 1.0
SPARE_FILES = 200
REQUEST = b"GET / HTTP/1.1\r\nHost: bench.test\r\nAccept: application/json\r\n\r\n"
BODY = b'{"hello":"world"}\n'


def raise_limits() -> int:
    """Allow as many open files as this user may have; returns how many idle connections fit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(CONNECTIONS, hard - SPARE_FILES)


def open_idle(origin: str, count: int) -> list[socket.socket]:
    """``count`` connections, each used for one request and then left open.

    :raises StartFailed: an answer is cut short.
    """
    port = urlsplit(origin).port
    opened = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
        opened.append(connection)
        connection.sendall(REQUEST)
        seen = b""
        # Go answers with a length, twisted.web by closing or in chunks: the body itself tells the end.
        while BODY not in seen:
            chunk = connection.recv(65536)
            if not chunk:
                raise StartFailed(f"the connection was closed after {seen!r}")
            seen += chunk
    return opened


def bytes_each(running: Running, count: int) -> int:
    """What one of ``count`` idle connections adds to resident memory; the kernel's part is not counted."""
    for warm in open_idle(running.plain, WARM_UP_CONNECTIONS):
        warm.close()
    time.sleep(SETTLE_SECONDS)
    before = usage(running.process.pid).rss
    opened = open_idle(running.plain, count)
    try:
        time.sleep(SETTLE_SECONDS)
        return (usage(running.process.pid).rss - before) // count
    finally:
        for connection in opened:
            connection.close()


def compare_idle(lab: Lab, contestants: Sequence[Contestant]) -> tuple[Table, list[dict[str, object]]]:
    """Every proxy once: memory does not fluctuate as time does."""
    count = raise_limits()
    found, notes = measure_each(contestants, lambda contestant: measure(lab, contestant, count))
    rows = tuple((str(one["server"]), f"{one['bytes']:,}") for one in found)
    title = f"resident memory per idle keep-alive connection ({count:,} of them)"
    return Table("idle", title, ("server", "bytes/connection"), rows, notes), found


def measure(lab: Lab, contestant: Contestant, count: int) -> dict[str, object]:
    """One proxy, fresh."""
    running = contestant.start(lab, Site())
    try:
        each = bytes_each(running, count)
    finally:
        running.process.stop()
    return {"scenario": "idle", "server": contestant.name, "bytes": each, "connections": count}
