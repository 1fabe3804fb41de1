"""Rounds of the fuzzer: each in a world of its own, decided by the seed and the number of the round alone."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.judge import Findings, Judge
from tests.fuzz.requests import Attempts
from tests.fuzz.world import World

# Bodies in one world: more make it slow and hide what a fresh one would show.
ROUND = 250


def campaign(
    bodies: int, seed: int, first: int = 0, tell: Callable[[int, Findings], None] = lambda done, found: None
) -> Findings:
    """Send so many bodies.

    :param first: the round to begin with, to play one again.
    :param tell: is told after each round.
    """
    findings = Findings()
    done, number = 0, first
    while done < bodies:
        world, rng = World(), Random(f"{seed}-{number}")
        attempts, judge = Attempts(world, rng), Judge(world, findings)
        wrong = len(findings.wrong)
        count = min(ROUND, bodies - done)
        for _ in range(count):
            judge.play(attempts.next())
        for index in range(wrong, len(findings.wrong)):
            findings.wrong[index] = f"seed {seed}, round {number}: {findings.wrong[index]}"
        done, number = done + count, number + 1
        tell(done, findings)
    return findings
