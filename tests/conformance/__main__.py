"""``python -m tests.conformance``: how many recorded answers of the Admin API are equal, on each store."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.conformance.known_differences import KNOWN, NOT_TO_BE_FOLLOWED
from tests.conformance.test_admin import FILES, compared
from tests.kit import databases
from tests.kit.admin_node import AdminNode
from tests.kit.bundled import NAMES
from tests.kit.postgres import programs
from tests.kit.recorded_time import RecordedTime
from tests.kit.recordings import Exchange, differences, play, play_later
from twisted_kong.cli.opened import in_reactor


def differing_in_memory() -> list[Exchange]:
    """What differs on a store in memory."""
    found = []
    for file in FILES:
        node = AdminNode(*NAMES)
        found += [each for each in compared(file) if differences(each, play(node, each))]
    return found


async def differing_on_disk(reactor: Any) -> list[Exchange]:
    """What differs on the database that was chosen."""
    found = []
    for file in FILES:
        clock, exchanges = RecordedTime(reactor, still=True), compared(file)
        clock.set(exchanges[0].date)
        with tempfile.TemporaryDirectory() as folder:
            strategy = databases.make_strategy(Path(folder), clock)
            async with AdminNode(*NAMES, clock=clock, strategy=strategy).opened() as node:
                for each in exchanges:
                    if differences(each, await play_later(node, each, reactor)):
                        found.append(each)
    return found


def tell(store: str, found: Iterable[Exchange]) -> bool:
    """Print how many of each file are equal and what differs, by name; whether just the known ones do."""
    differing = {(each.file, each.n): str(each) for each in found}
    played = {file: len(compared(file)) for file in FILES}
    print(f"{store}:")
    for file, number in played.items():
        equal = number - sum(name == file for name, _ in differing)
        print(f"  {file:16} {equal:5} / {number}")
    whole, equal = sum(played.values()), sum(played.values()) - len(differing)
    print(f"  {'all':16} {equal:5} / {whole} ({equal / whole:.2%})")
    passed_over = [key for key in differing if KNOWN.get(key) in NOT_TO_BE_FOLLOWED]
    counted = [key for key in differing if key not in passed_over]
    for title, keys in (("not to be followed", passed_over), ("counted as different", counted)):
        print(f"  {len(keys)} {title}:")
        for key in keys:
            print(f"    {differing[key]}: {KNOWN.get(key, 'not known')}")
    print(f"  {1 - len(counted) / whole:.2%} but for what is not to be followed", flush=True)
    return differing.keys() == KNOWN.keys()


def main() -> int:
    """Play everything; 1 if anything differs that is not known to, or the other way round."""
    right = tell("memory", differing_in_memory())
    for kind in databases.KINDS if programs() is not None else databases.KINDS[:1]:
        databases.choose(kind)
        right &= tell(kind, in_reactor(differing_on_disk))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
