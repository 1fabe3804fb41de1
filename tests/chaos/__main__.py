"""``python -m tests.chaos``: strike clusters of real processes, and judge what they served all the while."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from bench.report import Table, as_markdown, as_text
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.rounds import Result, ring
from tests.kit.postgres import MISSING, programs

# Violations of one fault that are printed.
SHOWN = 12


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--fault", default="all", help=f"faults, with commas, of: {', '.join(FAULTS)}; or all"
    )
    parser.add_argument("--rounds", type=int, default=1, help="rounds of each fault (default 1)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a fault lasts (default 2)")
    parser.add_argument(
        "--stall", type=float, help="milliseconds for which a node's event loop may be held in an outage"
    )
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the writers' choices")
    parser.add_argument("--markdown", action="store_true", help="print the table for a page")
    found = parser.parse_args(arguments)
    found.fault = list(FAULTS) if found.fault == "all" else found.fault.split(",")
    unknown = [name for name in found.fault if name not in FAULTS]
    if unknown:
        parser.error(f"no such fault: {', '.join(unknown)}")
    return found


async def rounds_of(faults: Sequence[Fault], chosen: argparse.Namespace) -> AsyncIterator[list[Result]]:
    """All rounds of each fault, on one cluster as long as it lives."""
    lasting = [fault for fault in faults if fault.history == "kept"]
    if lasting:
        async with ring(seed=chosen.seed) as struck:
            for fault in lasting:
                yield [await struck.round(fault, chosen.seconds) for _ in range(chosen.rounds)]
    for fault in faults:
        if fault not in lasting:
            yield [await last_round(fault, chosen, number) for number in range(chosen.rounds)]


async def last_round(fault: Fault, chosen: argparse.Namespace, number: int) -> Result:
    """A round that a cluster does not outlive."""
    async with ring(synchronous=fault.history == "moved", seed=chosen.seed + number) as struck:
        return await struck.round(fault, chosen.seconds)


def judge(fault: Fault, results: list[Result], stall: float | None) -> list[str]:
    """All that must not have been."""
    found = [text for result in results for text in result.violations]
    for result in results:
        held = 0.0 if result.stall is None else result.stall.seconds * 1000
        if stall is not None and fault.outage and held > stall:
            assert result.stall is not None
            found.append(f"stall: {held:.0f} ms:\n{result.stall.stack}")
    return found


def row(fault: Fault, results: list[Result], wrong: list[str]) -> tuple[str, ...]:
    """The line of the table."""
    writes: Counter[str] = sum((result.outcomes for result in results), Counter())
    failures: Counter[str] = sum((result.failures for result in results), Counter())
    held = max((result.stall.seconds for result in results if result.stall is not None), default=0.0)
    return (
        fault.name,
        str(len(results)),
        "/".join(str(writes[each]) for each in ("done", "refused", "unknown")),
        f"{sum(len(result.seen.reads) for result in results):,}",
        "/".join(str(failures[each]) for each in ("held", "warm", "cold")),
        f"{max(result.longest_answer for result in results) * 1000:.0f}",
        f"{held * 1000:.0f}",
        f"{max(result.settled_after for result in results):.2f}",
        str(len(wrong)),
    )


COLUMNS = (
    "fault",
    "rounds",
    "writes done/refused/unknown",
    "reads",
    "failed held/warm/cold",
    "longest answer ms",
    "longest stall ms",
    "at rest after s",
    "violations",
)


async def run(chosen: argparse.Namespace) -> tuple[list[tuple[str, ...]], int]:
    """The lines of the table, each told of as soon as it is there; and how much was wrong."""
    rows, bad, begun = [], 0, time.monotonic()
    async for results in rounds_of([FAULTS[name] for name in chosen.fault], chosen):
        fault = FAULTS[results[0].fault]
        wrong = judge(fault, results, chosen.stall)
        rows.append(row(fault, results, wrong))
        bad += len(wrong)
        took, begun = time.monotonic() - begun, time.monotonic()
        print(f"{fault.name} ({fault.about}): {len(wrong)} violations in {took:.0f} s", flush=True)
        for text in wrong[:SHOWN]:
            print(f"    {text}", flush=True)
    return rows, bad


def main() -> int:
    """Run, print, and return 1 where a promise was broken; 2 where there is no PostgreSQL."""
    chosen = options()
    if programs() is None:
        print(MISSING, file=sys.stderr)
        return 2
    rows, bad = asyncio.run(run(chosen))
    table = Table("chaos", f"seed {chosen.seed}, faults of {chosen.seconds:g} s", COLUMNS, tuple(rows))
    print(as_markdown(table) if chosen.markdown else as_text(table))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
