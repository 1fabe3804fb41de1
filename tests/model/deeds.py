"""What happens in a history, as numbers: easy to draw by chance, to leave out, and to type.

A number holds what is done, to which node and entity, how long nothing is done afterwards, and the seed of
all chance from then on; so the same deed does about the same whatever is left out before it.
0 is the least that can happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.model.scenarios import Scenario
from tests.model.truth import KEYS, Key

PAUSES = (0.0, 0.1, 0.5, 1.0, 2.0, 0.0, 0.2, 4.0)
SEEDS = 1 << 12
# What always happens, as often as it stands here; faults come once each besides.
ALWAYS = ("ask",) * 6 + ("write",) * 5 + ("soften", "warm_up", "wait", "converge")


@dataclass(frozen=True)
class Deed:
    """One step of a history."""

    what: str
    node: int
    key: Key
    pause: float
    seed: int


def most(scenario: Scenario) -> int:
    """One more than the greatest number of a deed."""
    return len(_names(scenario)) * scenario.nodes * len(KEYS) * len(PAUSES) * SEEDS


def deed_of(number: int, scenario: Scenario) -> Deed:
    """What a number stands for."""
    names = _names(scenario)
    number, what = divmod(number, len(names))
    number, node = divmod(number, scenario.nodes)
    number, key = divmod(number, len(KEYS))
    seed, pause = divmod(number, len(PAUSES))
    return Deed(names[what], node, KEYS[key], PAUSES[pause], seed)


def by_chance(seed: int, scenario: Scenario, steps: int) -> list[int]:
    """The deeds of a seed."""
    chance, end = Random(seed), most(scenario)
    return [chance.randrange(end) for _ in range(steps)]


def _names(scenario: Scenario) -> tuple[str, ...]:
    return ALWAYS + scenario.faults
