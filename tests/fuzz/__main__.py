"""``python -m tests.fuzz``: random and spoilt requests against every endpoint of the Admin API."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.fuzz.campaign import ROUND, campaign
from tests.fuzz.judge import Findings

SHOWN = 20


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=20_000, help="how many requests (default 20000)")
    parser.add_argument("--seed", type=int, default=1, help="what decides them (default 1)")
    parser.add_argument("--round", type=int, default=0, help=f"begin with this round of {ROUND}")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and tell; 1 when anything was wrong."""
    chosen = options(arguments)
    began = time.monotonic()

    def tell(done: int, found: Findings) -> None:
        if done % (10 * ROUND) == 0:
            print(f"{done} bodies, {len(found.wrong)} wrong", flush=True)

    found = campaign(chosen.bodies, chosen.seed, chosen.round, tell)
    for text in found.wrong[:SHOWN]:
        print(text)
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items()))
    print(f"answers {answers}; {found.written} wrote; the slowest took {found.slowest * 1000:.0f} ms")
    seconds = time.monotonic() - began
    print(f"{chosen.bodies} bodies with seed {chosen.seed} in {seconds:.0f} s: {len(found.wrong)} wrong")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
