"""``python -m bench.cluster``: how soon a change is everywhere, what is lost, and what an idle node costs.

Node processes over a private PostgreSQL server and its replica; needs PostgreSQL's programs and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.report import Table, as_text, write_page
from tests.chaos.faults import FAULTS
from tests.chaos.registers import Message
from tests.chaos.rounds import ring
from tests.kit.cluster import Cluster, ClusterNode, new_cluster
from tests.kit.http_asking import Asker
from tests.kit.postgres import MISSING, programs

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PATIENCE = 20.0
NAMES = ("visible", "writers", "idle")
# Seconds between two polls where these are all there is, short enough for a hundred changes.
FREQUENCY = 1.0
# Seconds of the idle measurement, and of the random part of the pause between two changes.
IDLE = 20.0
PAUSE = 0.05
# Requests at once that want more connections than a pool has.
FLOOD = 60
POOL_SIZE = 10


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--only", default=",".join(NAMES), help=f"with commas, of: {', '.join(NAMES)}")
    parser.add_argument("--changes", type=int, default=200, help="changes of each measurement (default 200)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long writers write (default 60)")
    parser.add_argument("--nodes", default="2,5", help="sizes of the clusters (default 2,5)")
    parser.add_argument("--write", action="store_true", help=f"also put the tables into {PAGE.name}")
    found = parser.parse_args(arguments)
    found.only = found.only.split(",")
    unknown = [name for name in found.only if name not in NAMES]
    if unknown:
        parser.error(f"no such measurement: {', '.join(unknown)}")
    found.nodes = [int(size) for size in found.nodes.split(",")]
    return found


@asynccontextmanager
async def cluster_of(count: int, **options: Any) -> AsyncIterator[Cluster]:
    """A cluster of nodes in a temporary directory."""
    with (
        tempfile.TemporaryDirectory(prefix="kong-bench-") as directory,
        new_cluster(Path(directory), count, **options) as cluster,
    ):
        yield cluster


async def seen_after(
    node: ClusterNode, register: Message, version: str, since: asyncio.Future[float]
) -> float:
    """Ask a node in a tight loop until it shows a version; seconds from its acknowledgement, 0 at least."""
    asker = Asker(node.site.port, PATIENCE)
    path, headers = register.request()
    try:
        while True:
            reply = await asker.ask("GET", path, headers=headers)
            moment = time.monotonic()
            # A Route may be known a moment before its Plugin is.
            if reply.status == 200 and register.shown(reply) == version:
                return max(0.0, moment - await since)
    finally:
        asker.close()


async def visible(cluster: Cluster, changes: int, pause: float) -> list[float]:
    """For each of some changes: seconds from the acknowledgement until all nodes served it."""
    register, chance, found = Message(0), random.Random(1), []
    admins = [Asker(node.site.admin_port, PATIENCE) for node in cluster.nodes]
    await register.make(admins[0], 0)
    for number in range(1, changes + 1):
        version = f"{register.name}.{number}"
        await asyncio.sleep(chance.uniform(0, pause))
        acknowledged: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        watchers = [
            asyncio.create_task(seen_after(node, register, version, acknowledged)) for node in cluster.nodes
        ]
        attempt = register.attempt(version)
        reply = await admins[number % len(admins)].ask(attempt.method, attempt.path, attempt.record)
        acknowledged.set_result(time.monotonic())
        assert reply.status == 200, reply
        found.append(max(await asyncio.gather(*watchers)))
    for admin in admins:
        admin.close()
    return found


async def measure_visible(chosen: argparse.Namespace) -> Table:
    """B: with notifications, and with none."""
    rows = []
    for count in chosen.nodes:
        async with cluster_of(count, replicated=False, db_update_frequency=FREQUENCY) as cluster:
            rows.append(_times(f"{count} nodes", await visible(cluster, chosen.changes, PAUSE)))
            for proxy in cluster.proxies:
                proxy.deafen()
            deaf = await visible_again(cluster, chosen.changes // 4)
            rows.append(_times(f"{count} nodes, no notifications", deaf))
    async with cluster_of(3, db_update_frequency=FREQUENCY) as cluster:
        rows.append(_times("3 nodes, two read a replica", await visible(cluster, chosen.changes, PAUSE)))
    return Table(
        "visible",
        "milliseconds from the acknowledgement of a change until every node serves it",
        ("cluster", "changes", "p50", "p99", "most"),
        tuple(rows),
        (f"db_update_frequency = {FREQUENCY:g}",),
    )


async def visible_again(cluster: Cluster, changes: int) -> list[float]:
    """The same where nodes are left to their polls: the pauses are as long as the polls are apart."""
    admin = Asker(cluster.nodes[0].site.admin_port, PATIENCE)
    await admin.ask("DELETE", "/routes/message-0")
    admin.close()
    await asyncio.sleep(2 * FREQUENCY)
    return await visible(cluster, changes, FREQUENCY)


async def measure_writers(chosen: argparse.Namespace) -> Table:
    """C: 8 writers, commits that take their time, three nodes."""
    rows = []
    for title, replicated in (("primary only", False), ("two of three read a replica", True)):
        async with ring(replicated=replicated, seed=1) as lasting:
            result = await lasting.round(FAULTS["none"], chosen.seconds)
        kinds = Counter(text.partition(":")[0] for text in result.violations)
        outcomes = result.outcomes
        rows.append(
            (
                title,
                f"{outcomes['done']:,}",
                f"{len(result.seen.reads):,}",
                str(kinds["lost"] + kinds["undone"] + kinds["twice"]),
                str(kinds["unsettled"]),
                str(kinds["backwards"] + kinds["own"] + kinds["untrue"]),
                str(kinds["stale"]),
                str(len(result.seen.failures)),
            )
        )
    return Table(
        "writers",
        f"{chosen.seconds:g} s of 8 concurrent writers at three nodes, commits delayed at random",
        ("reads", "written", "read", "lost", "stale at rest", "not monotonic", "later than 2 s", "failed"),
        tuple(rows),
    )


async def measure_idle(chosen: argparse.Namespace) -> Table:
    """G: what nodes ask when nothing happens, and how many connections they hold when much does."""
    async with cluster_of(2, replicated=False, db_update_frequency=FREQUENCY) as cluster:
        await asyncio.sleep(2 * FREQUENCY)
        server = cluster.primary
        server.configure(log_statement="all", log_line_prefix="[%a] ")
        server.reload()
        await asyncio.sleep(FREQUENCY)
        begun = len(server.log_text)
        await asyncio.sleep(IDLE)
        queries = queries_in(server.log_text[begun:])
        server.configure(log_statement="none")
        server.reload()
        idle = connections(cluster)
        most = await flooded(cluster)
    each = len(cluster.nodes) * IDLE / FREQUENCY
    rows = [(f"queries per node and db_update_frequency: {name}", f"{count / each:.2f}") for name, count in
            sorted(queries.items())]  # fmt: skip
    rows.append(("connections of a node at rest", f"{idle / len(cluster.nodes):.1f}"))
    rows.append((f"connections of a node that {FLOOD} writers wait for, at most", str(most)))
    return Table("idle", f"two nodes, {IDLE:g} s, pg_pool_size = {POOL_SIZE}", ("what", "count"), tuple(rows))


def queries_in(log: str) -> Counter[str]:
    """How often nodes asked for what, by a log with all statements."""
    statements = [entry for entry in log.split("[twisted_kong] ")[1:] if "statement: " in entry]
    return Counter(_kind(statement) for statement in statements)


def _kind(statement: str) -> str:
    if "into members" in statement or "update members" in statement:
        return "heartbeat"
    if "from changes" in statement and "where number >=" in statement:
        return "poll"
    return "other"


def connections(cluster: Cluster) -> int:
    """How many connections nodes have to the server."""
    [(count,)] = cluster.primary.query(
        "select count(*) from pg_stat_activity where application_name = 'twisted_kong'"
    )
    return int(count)


async def flooded(cluster: Cluster) -> int:
    """The most connections of one node while many clients write through it."""
    others = connections(cluster) // len(cluster.nodes) * (len(cluster.nodes) - 1)
    port = cluster.nodes[0].site.admin_port

    async def write(number: int) -> None:
        admin = Asker(port, PATIENCE)
        for _ in range(5):
            await admin.ask("POST", "/consumers", {"username": f"flood-{number}-{time.monotonic()}"})
        admin.close()

    flood = asyncio.gather(*(write(number) for number in range(FLOOD)))
    most = 0
    while not flood.done():
        most = max(most, await asyncio.to_thread(connections, cluster))
        await asyncio.sleep(0.02)
    await flood
    return most - others


def _times(title: str, seconds: Iterable[float]) -> tuple[str, ...]:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    cells = (statistics.median(ordered), p99, ordered[-1])
    return (title, str(len(ordered)), *(f"{value * 1000:.1f}" for value in cells))


def machine() -> list[str]:
    """Date, processor and load."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return [
        f"{today}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()};"
        f" load of the machine when it began: {os.getloadavg()[0]:.1f}."
    ]


def main() -> int:
    """Measure, print, write; 2 where there is no PostgreSQL."""
    chosen = options()
    if programs() is None:
        print(MISSING, file=sys.stderr)
        return 2
    head = machine()
    print("\n".join(head), "\n", flush=True)
    tables = []
    works = {"visible": measure_visible, "writers": measure_writers, "idle": measure_idle}
    for name in chosen.only:
        tables.append(asyncio.run(works[name](chosen)))
        print(as_text(tables[-1]), "\n", flush=True)
    if chosen.write:
        write_page(PAGE, head, tables, "cluster")
    return 0


if __name__ == "__main__":
    sys.exit(main())
