"""``python -m bench``: run the scenarios and print their tables."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.idle import compare_idle, raise_limits
from bench.lab import Lab
from bench.many_routes import adding, prepare, starting
from bench.node import Node, Place
from bench.process import StartFailed
from bench.report import Table, as_text, write_page
from bench.scenarios import COMPARISONS, NAMES
from bench.servers import ALL, Contestant, GoProxy, Haproxy, Nginx, NginxRoutes, TwistedWeb
from bench.streaming import compare_streaming
from bench.throughput import Comparison, as_json, compare

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
Records = list[dict[str, object]]


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", help=f"scenarios, with commas, of: {', '.join(NAMES)}", default=",".join(NAMES)
    )
    parser.add_argument("--servers", help="servers, with commas (default: all that fit the scenario)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (default 5)")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="seconds of load per server and round (default 5)"
    )
    parser.add_argument("--access-log", action="store_true", help="let this node write its access log")
    parser.add_argument("--json", type=Path, help="also write every sample to this file")
    parser.add_argument("--write", action="store_true", help=f"also put the tables into {PAGE.name}")
    found = parser.parse_args(arguments)
    found.only = found.only.split(",")
    unknown = [name for name in found.only if name not in NAMES]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}")
    return found


def contestants(chosen: argparse.Namespace, names: Sequence[str]) -> list[Contestant]:
    """Those of ``names`` that were not deselected, the baseline first."""
    known: list[Contestant] = [Nginx(), NginxRoutes(), Haproxy(), GoProxy(), TwistedWeb()]
    known.append(Node(access_log=chosen.access_log))
    wanted = chosen.servers.split(",") if chosen.servers else names
    return [one for one in known if one.name in names and one.name in wanted]


def version(*command: str) -> str:
    """The first line a program prints about itself, or that it is missing."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} missing"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return (done.stdout or done.stderr).splitlines()[0].strip()


def machine() -> list[str]:
    """Date, processor and versions."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = model[0].partition(":")[2].strip() if model else platform.machine()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return [
        f"{today}, {os.cpu_count()} cores of {processor}, Linux {platform.release()},"
        f" Python {platform.python_version()};",
        f"{version('nginx', '-v')}, {version('haproxy', '-v')}, {version('go', 'version')}.",
        f"Load of the machine when it began: {os.getloadavg()[0]:.1f}.",
    ]


def many_routes(lab: Lab, chosen: argparse.Namespace) -> list[tuple[Table, Records]]:
    """The two scenarios that share a database of 50,000 Routes."""
    steps: dict[str, Callable[[Lab, Place], tuple[Table, Records]]] = {
        "start-up": starting,
        "add-route": adding,
    }
    wanted = [name for name in steps if name in chosen.only]
    node = Node()
    if not wanted or node.missing() or not contestants(chosen, [node.name]):
        return []
    try:
        place = prepare(lab, node)
        return [steps[name](lab, place) for name in wanted]
    except (StartFailed, OSError) as error:
        return [(Table(",".join(wanted), f"left out: {error}", ("",), ()), [])]


def run(lab: Lab, chosen: argparse.Namespace) -> tuple[list[Table], Records]:
    """All chosen scenarios, each table printed as soon as it is there."""
    tables: list[Table] = []
    records: Records = []

    def keep(table: Table, found: Records) -> None:
        tables.append(table)
        records.extend(found)
        print(as_text(table), "\n", flush=True)

    for comparison in COMPARISONS:
        if comparison.name in chosen.only:
            keep(*one(lab, comparison, chosen))
    if "stream" in chosen.only:
        keep(*compare_streaming(lab, contestants(chosen, ALL), chosen.rounds))
    if "idle" in chosen.only:
        keep(*compare_idle(lab, contestants(chosen, ALL)))
    for table, found in many_routes(lab, chosen):
        keep(table, found)
    return tables, records


def one(lab: Lab, comparison: Comparison, chosen: argparse.Namespace) -> tuple[Table, Records]:
    """One comparison."""
    taking_part = contestants(chosen, comparison.servers)
    table, samples = compare(lab, comparison, taking_part, rounds=chosen.rounds, seconds=chosen.seconds)
    return table, as_json(samples)


def unmeasured(chosen: argparse.Namespace, records: Records) -> list[str]:
    """The servers that were asked for by name and of which there is no result."""
    measured = {record["server"] for record in records}
    return [name for name in (chosen.servers or "").split(",") if name and name not in measured]


def main() -> int:
    """Measure, print, write; 1 where a server named by ``--servers`` failed, 2 where nothing can be done."""
    chosen = options()
    if shutil.which("wrk") is None or not (shutil.which("nginx") or shutil.which("go")):
        print(
            "wrk is needed for the load, and nginx or go for the upstream: apt-get install wrk nginx",
            file=sys.stderr,
        )
        return 2
    raise_limits()
    head = [*machine(), f"Median of {chosen.rounds} alternating rounds of {chosen.seconds:g} s each."]
    print("\n".join(head), "\n", flush=True)
    with Lab() as lab:
        if lab.proxy_core == lab.load_core:
            print("only one core: proxy, load and upstream share it\n")
        os.sched_setaffinity(0, {lab.load_core})
        tables, records = run(lab, chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(records, indent=1) + "\n")
    if chosen.write:
        write_page(PAGE, head, tables)
    if absent := unmeasured(chosen, records):
        print(f"not measured: {', '.join(absent)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
