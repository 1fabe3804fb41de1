"""Numbered steps that bring a store's layout from nothing to what this version knows.

Steps are files of a strategy's package, named ``0001_what.sql`` and so on.
Each runs once, in order, and a store keeps the names of those that ran.
A store that knows a step this version does not was used by a later version and is refused: nothing good comes
of writing into a layout one does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import MigrationState

_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, by which it is remembered, and what is to be run."""

    name: str
    text: str


def load_steps(package: str, suffix: str) -> tuple[Step, ...]:
    """The steps of a strategy, in order; ValueError when their numbers are not 1, 2, 3 …"""
    found = sorted(
        (entry for entry in files(package).iterdir() if entry.name.endswith(suffix)),
        key=lambda entry: entry.name,
    )
    steps = tuple(Step(entry.name.removesuffix(suffix), entry.read_text(encoding="utf-8")) for entry in found)
    for number, step in enumerate(steps, 1):
        match = _NAME.fullmatch(step.name)
        if match is None or int(match[1]) != number:
            raise ValueError(f"{package}: step {step.name} should have number {number:04}")
    return steps


def state_of(steps: Sequence[Step], executed: Iterable[str], where: str) -> MigrationState:
    """What has run and what remains; DatabaseError when a step has run that is not among ours.

    :param where: the store's name as the operator knows it.
    """
    ran = tuple(executed)
    names = [step.name for step in steps]
    unknown = [name for name in ran if name not in names]
    if unknown:
        raise DatabaseError(
            f"{where} was used by a later version: it has been through the step {unknown[-1]},"
            f" and this version knows none after {names[-1]}"
        )
    return MigrationState(ran, tuple(name for name in names if name not in ran))
