"""Runs as many histories as one likes, or one again: ``python -m tests.model --help``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields

from tests.model.histories import Finding, rules_without, search, shortened, trace_of
from tests.model.rules import Rules
from tests.model.scenarios import SCENARIOS

# Histories that one process runs before it tells.
BLOCK = 25


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 if something went wrong in a history."""
    arguments = _parser().parse_args(words)
    off = tuple(arguments.without)
    if arguments.deeds is not None:
        deeds = [int(number) for number in arguments.deeds.split(",")]
        lines, violation = trace_of(arguments.scenario[0], deeds, rules_without(off))
        _say("\n".join(lines), "", violation or "nothing goes wrong")
        return int(violation is not None)
    finding = _search_all(arguments, off)
    if finding is None:
        return 0
    _say(f"\nseed {finding.seed} of '{finding.scenario}' goes wrong: {finding.violation}\n\nshortened:")
    _say(shortened(finding).report())
    return 1


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _search_all(arguments: argparse.Namespace, off: tuple[str, ...]) -> Finding | None:
    blocks = list(_blocks(arguments.scenario or list(SCENARIOS), arguments.seed, arguments.histories))
    begun, told, done = time.monotonic(), time.monotonic(), 0
    with ProcessPoolExecutor(arguments.jobs) as pool:
        found = pool.map(search, *zip(*((name, seeds, off) for name, seeds in blocks), strict=True))
        for (_, seeds), finding in zip(blocks, found, strict=True):
            done += len(seeds)
            if finding is not None:
                pool.shutdown(cancel_futures=True)
                return finding
            if time.monotonic() - told > 10 or done == arguments.histories:
                told = time.monotonic()
                _say(f"{done} histories in {told - begun:.0f} s, nothing went wrong")
    return None


def _blocks(names: list[str], first: int, histories: int) -> Iterator[tuple[str, range]]:
    """The histories by scenario, all scenarios in turn."""
    left = histories
    while left > 0:
        for name in names:
            count = min(BLOCK, left)
            if count:
                yield name, range(first, first + count)
            left -= count
        first += BLOCK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--histories", type=int, default=1000, help="how many in all (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument(
        "--scenario", action="append", choices=SCENARIOS, help="only this one; may be repeated (default: all)"
    )
    parser.add_argument("--jobs", type=int, default=None, help="processes (default: as many as processors)")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=[rule.name for rule in fields(Rules)],
        help="switch a rule off; may be repeated",
    )
    parser.add_argument("--deeds", help="one history, as a finding has printed it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
