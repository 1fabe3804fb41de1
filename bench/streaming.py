"""Bodies of 100 MB down and up: the CPU time they cost and how far memory rises while they pass."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from bench.lab import HUGE_MEGABYTES, MEGABYTE, Lab
from bench.measure import forget_peak, peak_rss, usage
from bench.process import StartFailed
from bench.report import Table
from bench.servers import Contestant, Running, Site, measure_each

TIMEOUT_SECONDS = 60.0
CHUNK = 65_536
Transfer = Callable[[http.client.HTTPConnection], http.client.HTTPResponse]


def download(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    """Ask for the big file."""
    connection.request("GET", "/huge")
    return connection.getresponse()


def upload(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    """Send as much, with its length announced."""
    length = HUGE_MEGABYTES * MEGABYTE
    connection.request("POST", "/upload", chunks(length), {"Content-Length": str(length)})
    return connection.getresponse()


def chunks(length: int) -> Iterator[bytes]:
    """``length`` bytes in pieces."""
    piece = b"x" * CHUNK
    for _ in range(length // CHUNK):
        yield piece


def transfer(running: Running, how: Transfer) -> tuple[float, float, int]:
    """CPU seconds, seconds, and the bytes by which resident memory rose at its highest.

    :raises StartFailed: the answer is not 200.
    """
    address = urlsplit(running.plain)
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=TIMEOUT_SECONDS)
    forget_peak(running.process.pid)
    before, begin = usage(running.process.pid), time.monotonic()
    try:
        answer = how(connection)
        while answer.read(MEGABYTE):
            pass
    finally:
        connection.close()
    took, after = time.monotonic() - begin, usage(running.process.pid)
    if answer.status != 200:
        raise StartFailed(f"a body of {HUGE_MEGABYTES} MB was answered {answer.status}")
    return after.cpu - before.cpu, took, peak_rss(running.process.pid) - before.rss


def compare_streaming(
    lab: Lab, contestants: Sequence[Contestant], rounds: int
) -> tuple[Table, list[dict[str, object]]]:
    """Every proxy ``rounds`` times in each direction; CPU and speed of the best, memory of the worst."""
    found, notes = measure_each(contestants, lambda contestant: measure(lab, contestant, rounds))
    columns = tuple(f"{way} {what}" for way in ("down", "up") for what in ("CPU ms", "MB/s", "memory +MB"))
    rows = tuple((str(one["server"]), *(f"{one[column]:.0f}" for column in columns)) for one in found)
    title = f"one body of {HUGE_MEGABYTES} MB at a time"
    return Table("stream", title, ("server", *columns), rows, notes), found


def measure(lab: Lab, contestant: Contestant, rounds: int) -> dict[str, object]:
    """One proxy in both directions, after one transfer each that does not count."""
    running = contestant.start(lab, Site())
    result: dict[str, object] = {"scenario": "stream", "server": contestant.name}
    try:
        for way, how in (("down", download), ("up", upload)):
            transfer(running, how)
            results = [transfer(running, how) for _ in range(rounds)]
            result[f"{way} CPU ms"] = min(cpu for cpu, _, _ in results) * 1e3
            result[f"{way} MB/s"] = HUGE_MEGABYTES / min(took for _, took, _ in results)
            result[f"{way} memory +MB"] = max(rise for _, _, rise in results) / MEGABYTE
    finally:
        running.process.stop()
    return result
