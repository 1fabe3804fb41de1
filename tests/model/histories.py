"""Runs histories, finds those that go wrong, makes them short and tells how to see them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.kit.logs import caught_failures, caught_warnings
from tests.model.deeds import by_chance
from tests.model.judge import Violation
from tests.model.rules import Rules
from tests.model.scenarios import SCENARIOS
from tests.model.world import World

# Deeds of a history of a seed.
STEPS = 80

ALL = Rules()


@dataclass(frozen=True)
class Finding:
    """A history that goes wrong; ``seed`` is None for one that was drawn otherwise."""

    scenario: str
    deeds: tuple[int, ...]
    violation: str
    off: tuple[str, ...] = ()
    seed: int | None = None

    def report(self) -> str:
        """What happened, and how to see it again."""
        off = "".join(f" --without {rule}" for rule in self.off)
        deeds = ",".join(map(str, self.deeds))
        command = f"python -m tests.model --scenario '{self.scenario}'{off} --deeds {deeds}"
        lines, _ = trace_of(self.scenario, self.deeds, rules_without(self.off))
        return "\n".join([*lines, "", self.violation, "", f"To see it again: {command}"])


def rules_without(off: Iterable[str]) -> Rules:
    """All rules but these."""
    return Rules(**dict.fromkeys(off, False))


def violation_of(scenario: str, deeds: Sequence[int], rules: Rules = ALL) -> str | None:
    """What goes wrong in a history."""
    return trace_of(scenario, deeds, rules, traced=False)[1]


def trace_of(
    scenario: str, deeds: Sequence[int], rules: Rules = ALL, *, traced: bool = True
) -> tuple[list[str], str | None]:
    """All that happens in a history, and what goes wrong."""
    lines: list[str] = []
    with caught_failures(), caught_warnings():
        try:
            World(SCENARIOS[scenario], rules, lines.append if traced else None).run(deeds)
        except Violation as violation:
            return lines, str(violation)
    return lines, None


def search(scenario: str, seeds: Iterable[int], off: tuple[str, ...] = ()) -> Finding | None:
    """The first of these seeds that goes wrong."""
    rules = rules_without(off)
    for seed in seeds:
        deeds = by_chance(seed, SCENARIOS[scenario], STEPS)
        violation = violation_of(scenario, deeds, rules)
        if violation is not None:
            return Finding(scenario, tuple(deeds), violation, off, seed)
    return None


def shortened(finding: Finding) -> Finding:
    """A history with as few deeds as can be found in which something goes wrong, too."""
    rules, deeds, violation = rules_without(finding.off), list(finding.deeds), finding.violation
    size = len(deeds) // 2
    while size:
        start = 0
        while start < len(deeds):
            fewer = deeds[:start] + deeds[start + size :]
            found = violation_of(finding.scenario, fewer, rules)
            if found is None:
                start += size
            else:
                deeds, violation = fewer, found
        size //= 2
    return Finding(finding.scenario, tuple(deeds), violation, finding.off, finding.seed)
