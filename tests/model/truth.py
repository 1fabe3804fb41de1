"""What was true of every entity, and when; only the checks see it.

*World numbers* count everything that ever became true, also through a failover or a restore.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

# A kind of entity and an id.
Key = tuple[str, str]

IDS = ("1", "2", "3")
KEYS: tuple[Key, ...] = tuple((kind, id) for kind in ("creds", "rows") for id in IDS)


@dataclass(frozen=True, slots=True)
class State:
    """What was true of one entity from a world number, and a moment, on; None: there was none."""

    world: int
    since: float
    value: int | None


class Truth:
    """The states of each entity, oldest first."""

    def __init__(self) -> None:
        self.world = 0
        self.states: dict[Key, list[State]] = {key: [State(0, 0.0, None)] for key in KEYS}

    def become(self, key: Key, value: int | None, moment: float) -> int:
        """Something has changed; returns its world number."""
        self.world += 1
        self.states[key].append(State(self.world, moment, value))
        return self.world

    def now(self, key: Key) -> int | None:
        """What is true of an entity."""
        return self.states[key][-1].value

    def place_at(self, key: Key, world: int) -> int:
        """Which state of an entity was true at a world number."""
        states = self.states[key]
        return max(0, bisect_right(states, world, key=lambda state: state.world) - 1)

    def place_of(self, key: Key, value: int | None, place: int) -> int | None:
        """The first state with a value at or after a place; None if there is none."""
        states = self.states[key]
        return next((at for at in range(place, len(states)) if states[at].value == value), None)

    def ended(self, key: Key, value: int | None) -> float | None:
        """When a value was true for the last time; None if it is now."""
        states = self.states[key]
        if states[-1].value == value:
            return None
        last = next((at for at in range(len(states) - 2, -1, -1) if states[at].value == value), None)
        return -1e9 if last is None else states[last + 1].since
