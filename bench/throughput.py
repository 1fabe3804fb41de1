"""Compares proxies under load: A B C A B C …, CPU time per request as the kernel counts it."""

from __future__ import annotations

import ssl
import statistics
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from bench.lab import Lab
from bench.load import Load, drive
from bench.measure import usage
from bench.process import StartFailed
from bench.report import Table
from bench.servers import ALL, Contestant, Running, Site

WARM_UP_SECONDS = 1.0
CHECK_SECONDS = 10.0
BASELINE = "nginx"
NO_SITE = Site()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One throughput scenario. ``check`` is a path and headers that must be answered 200 before measuring."""

    name: str
    title: str
    load: Load
    site: Site = NO_SITE
    secure: bool = False
    check_path: str = "/"
    check_headers: Mapping[str, str] = field(default_factory=dict)
    servers: tuple[str, ...] = ALL


@dataclass(frozen=True, slots=True)
class Sample:
    """One proxy in one round: microseconds, bytes; ``failed`` counts lost and refused requests."""

    scenario: str
    server: str
    round: int
    cpu: float
    rate: float
    p50: int
    p99: int
    rss: int
    failed: int


def origin_of(running: Running, comparison: Comparison) -> str | None:
    """Where the load goes, or None when the proxy has no TLS listener."""
    return running.secure if comparison.secure else running.plain


def check(origin: str, comparison: Comparison) -> None:
    """Ask once and insist on 200: nobody wants to know how fast errors are.

    :raises StartFailed: another answer, or none.
    """
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    request = urllib.request.Request(origin + comparison.check_path, headers=dict(comparison.check_headers))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=careless)
    )
    try:
        with opener.open(request, timeout=CHECK_SECONDS) as answer:
            if answer.status != 200 or not answer.read():
                raise StartFailed(f"{request.full_url}: {answer.status}")
    except OSError as error:
        raise StartFailed(f"{request.full_url}: {error}") from error


def measure(lab: Lab, running: Running, comparison: Comparison, number: int, seconds: float) -> Sample:
    """Load one proxy for ``seconds``."""
    origin = origin_of(running, comparison)
    assert origin is not None
    before = usage(running.process.pid)
    result = drive(comparison.load, origin, seconds=seconds, core=lab.load_core, work=lab.work)
    after = usage(running.process.pid)
    return Sample(
        scenario=comparison.name,
        server=running.name,
        round=number,
        cpu=(after.cpu - before.cpu) * 1e6 / max(1, result.requests),
        rate=result.requests / result.seconds,
        p50=result.p50,
        p99=result.p99,
        rss=after.rss,
        failed=result.failed,
    )


def line_up(
    lab: Lab, comparison: Comparison, contestants: Sequence[Contestant], skip: Callable[[str], None]
) -> list[Running]:
    """Start all, and leave out, with a word, those that are missing, fail, or have no TLS."""
    ready = []
    for contestant in contestants:
        reason = contestant.missing()
        if reason is None:
            try:
                running = contestant.start(lab, comparison.site)
                origin = origin_of(running, comparison)
                if origin is None:
                    raise StartFailed("no TLS listener")
                check(origin, comparison)
                drive(comparison.load, origin, seconds=WARM_UP_SECONDS, core=lab.load_core, work=lab.work)
                ready.append(running)
                continue
            except StartFailed as error:
                reason = str(error)
        skip(f"{contestant.name} left out: {reason}")
    return ready


def compare(
    lab: Lab, comparison: Comparison, contestants: Sequence[Contestant], *, rounds: int, seconds: float
) -> tuple[Table, list[Sample]]:
    """Measure every proxy once in each round, all of them in turn, and stop them afterwards."""
    notes: list[str] = []
    ready = line_up(lab, comparison, contestants, notes.append)
    samples: list[Sample] = []
    try:
        for number in range(1, rounds + 1):
            for running in ready:
                sample = measure(lab, running, comparison, number, seconds)
                samples.append(sample)
                print(
                    f"   {comparison.name} round {number}: {sample.server} {sample.cpu:.1f} µs",
                    file=sys.stderr,
                )
    finally:
        for running in ready:
            running.process.stop()
    return tabulate(comparison, samples, notes), samples


def ratios(samples: Sequence[Sample], server: str) -> list[float]:
    """The server's CPU per request over the baseline's in the same round."""
    baseline = {sample.round: sample.cpu for sample in samples if sample.server == BASELINE}
    mine = [sample for sample in samples if sample.server == server]
    return [sample.cpu / baseline[sample.round] for sample in mine if baseline.get(sample.round)]


def tabulate(comparison: Comparison, samples: Sequence[Sample], notes: Sequence[str]) -> Table:
    """Medians over the rounds; the ratio is the median of the rounds' ratios."""
    servers = list(dict.fromkeys(sample.server for sample in samples))
    return Table(
        comparison.name,
        comparison.title,
        ("server", "CPU µs/request", "× nginx", "requests/s", "p50 ms", "p99 ms", "RSS MB", "failed"),
        tuple(row(server, samples) for server in servers),
        tuple(notes),
    )


def row(server: str, samples: Sequence[Sample]) -> tuple[str, ...]:
    """One server's medians as cells."""
    mine = [sample for sample in samples if sample.server == server]
    factors = ratios(samples, server)
    return (
        server,
        f"{statistics.median(sample.cpu for sample in mine):.1f}",
        f"{statistics.median(factors):.2f}" if factors else "–",
        f"{statistics.median(sample.rate for sample in mine):,.0f}",
        f"{statistics.median(sample.p50 for sample in mine) / 1000:.2f}",
        f"{statistics.median(sample.p99 for sample in mine) / 1000:.2f}",
        f"{statistics.median(sample.rss for sample in mine) / 1e6:.0f}",
        f"{sum(sample.failed for sample in mine)}",
    )


def as_json(samples: Sequence[Sample]) -> list[dict[str, object]]:
    """The samples as plain values."""
    return [asdict(sample) for sample in samples]
