"""What 50,000 Routes cost this node: its start, and the pause that adding one more makes for others."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from typing_extensions import override

from bench.lab import Lab
from bench.measure import usage
from bench.node import AdminClient, Node, Place, launch
from bench.report import Table
from bench.servers import Site

ROUTES = 50_000
ADDITIONS = 25
PAUSE_SECONDS = 0.2
WARM_UP_REQUESTS = 500
STARTS = 3
PATH = "/route-7/items"


@dataclass(frozen=True, slots=True)
class Probe:
    """One request of the probe: when it was sent and how long its answer took, in seconds."""

    at: float
    took: float


class Prober(threading.Thread):
    """Asks for the same thing over and over: whatever holds the event loop delays one answer."""

    def __init__(self, origin: str) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", urlsplit(origin).port, timeout=30)
        self._running = True
        self.probes: list[Probe] = []
        self.failure: str | None = None

    @override
    def run(self) -> None:
        """Probe until stopped; the first wrong answer ends it and is kept in ``failure``."""
        while self._running:
            at = time.monotonic()
            self._connection.request("GET", PATH)
            answer = self._connection.getresponse()
            answer.read()
            self.probes.append(Probe(at, time.monotonic() - at))
            if answer.status != 200:
                self.failure = f"{PATH}: {answer.status}"
                return

    def stop(self) -> list[Probe]:
        """End it and return all probes."""
        self._running = False
        self.join()
        self._connection.close()
        return self.probes


def longest(probes: list[Probe], begin: float, end: float) -> float:
    """The longest answer, in milliseconds, among probes under way between ``begin`` and ``end``."""
    return (
        max(
            (probe.took for probe in probes if probe.at + probe.took >= begin and probe.at <= end),
            default=0.0,
        )
        * 1e3
    )


def adding(lab: Lab, place: Place) -> tuple[Table, list[dict[str, object]]]:
    """Add Routes one by one while a probe runs; as many pauses without an addition tell the noise."""
    process = launch(lab, place)
    try:
        admin = AdminClient(place.admin)
        prober = Prober(place.running(process).plain)
        prober.start()
        while len(prober.probes) < WARM_UP_REQUESTS and prober.failure is None:
            time.sleep(PAUSE_SECONDS)
        quiet, busy, answers = [], [], []
        for number in range(ADDITIONS):
            begin = time.monotonic()
            time.sleep(PAUSE_SECONDS)
            middle = time.monotonic()
            admin.post("/services/up/routes", {"name": f"added-{number}", "paths": [f"/added-{number}"]})
            answered = time.monotonic()
            time.sleep(max(0.0, PAUSE_SECONDS - (answered - middle)))
            quiet.append((begin, middle))
            busy.append((middle, time.monotonic()))
            answers.append((answered - middle) * 1e3)
        probes = prober.stop()
    finally:
        process.stop()
    if prober.failure:
        return Table("add-route", prober.failure, ("failed",), ()), []
    rows = (
        stall_row("nothing added", [longest(probes, *window) for window in quiet]),
        stall_row("a Route added", [longest(probes, *window) for window in busy]),
        stall_row("answer of the POST itself", answers),
    )
    columns = ("longest answer of a probe per 0.2 s", "median ms", "worst ms")
    found: list[dict[str, object]] = [
        {"scenario": "add-route", "server": Node.name, "what": row[0], "ms": row[1:]} for row in rows
    ]
    return Table("add-route", f"adding a Route to {ROUTES:,}, {ADDITIONS} times", columns, rows), found


def stall_row(name: str, milliseconds: list[float]) -> tuple[str, str, str]:
    """Median and worst."""
    return name, f"{statistics.median(milliseconds):.2f}", f"{max(milliseconds):.2f}"


def starting(lab: Lab, place: Place) -> tuple[Table, list[dict[str, object]]]:
    """From ``twistd kong`` to the first proxied answer, a few times over."""
    found: list[dict[str, object]] = []
    rows = []
    for number in range(1, STARTS + 1):
        begin = time.monotonic()
        process = launch(lab, place)
        try:
            wait_for_route(place.plain)
            took, used = time.monotonic() - begin, usage(process.pid)
        finally:
            process.stop()
        rows.append((f"start {number}", f"{took:.2f}", f"{used.cpu:.2f}", f"{used.rss / 1e6:.0f}"))
        found.append(
            {"scenario": "start-up", "server": Node.name, "seconds": took, "cpu": used.cpu, "rss": used.rss}
        )
    columns = ("", "seconds to the first proxied answer", "CPU seconds", "RSS MB")
    return Table("start-up", f"start with {ROUTES:,} Routes in the database", columns, tuple(rows)), found


def wait_for_route(port: int, seconds: float = 60.0) -> None:
    """Return once a Route answers 200; ports may open before the Routes are there, but must not.

    :raises TimeoutError: it does not within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            connection.request("GET", PATH)
            if connection.getresponse().status == 200:
                return
        finally:
            connection.close()
        time.sleep(0.01)
    raise TimeoutError(f"{PATH} was not answered 200 in {seconds:.0f} s")


def prepare(lab: Lab, node: Node) -> Place:
    """A prefix whose database holds the 50,000 Routes."""
    return node.prepare(lab, Site(routes=ROUTES))
