"""Decides whether a history keeps the promises of a cluster; knows nothing of how it came about.

Every answer is placed in the truth at the *earliest* point where it can have been right: the first state of
its register that looks like it and is not older than what that node had already served, or acknowledged, when
the request began.
An answer for which there is no such point is a violation, and so is one that is older than ``bound`` allows.
To place answers early is to believe every excuse a node may have, so each violation found is one.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from tests.chaos.history import ABSENT, History, Read, State, Trouble, Write

Event = TypeVar("Event", Write, Read)

Kind = Literal["lost", "undone", "twice", "untrue", "backwards", "own", "stale", "unsettled"]
MEANING: Mapping[Kind, str] = {
    "lost": "an acknowledged write is not in the database",
    "undone": "a write was committed although its answer said that nothing was changed",
    "twice": "a write was committed more than once",
    "untrue": "something was served that never was in the database",
    "backwards": "a node served something older than it had served before",
    "own": "a node served something older than a write that it had acknowledged",
    "stale": "a node served something older than the bound allows",
    "unsettled": "a node at rest does not serve the latest state",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One promise broken, with the sentence that says where."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {MEANING[self.kind]}: {self.text}"


def violations(history: History) -> list[Violation]:
    """Every promise that the history breaks; [] for a good one."""
    found = list(_of_writes(history))
    indexes = {register: _Index(states) for register, states in history.truth.items()}
    known = _Known(history, indexes)
    writes, reads = _by_node(history.writes), _by_node(history.reads)
    for place, mine in sorted(reads.items()):
        index = indexes.get(place[1])
        if index is None:
            found.extend(Violation("untrue", _told(read)) for read in mine)
        else:
            found.extend(_of_reads(index, known, mine, writes.get(place, [])))
    found.extend(
        Violation("unsettled", _told(read))
        for read in history.settled
        if read.register not in indexes or indexes[read.register].latest != read.shown
    )
    return found


def _of_writes(history: History) -> Iterator[Violation]:
    times: dict[tuple[str, str], int] = defaultdict(int)
    for register, states in history.truth.items():
        for state in states:
            times[register, state.effect] += 1
    for (register, effect), count in times.items():
        if count > 1:
            yield Violation("twice", f"{effect} of {register}, {count} times")
    claimed = {(write.register, write.effect) for write in history.writes if write.outcome != "refused"}
    for write in history.writes:
        effect = write.register, write.effect
        if write.outcome == "done" and effect not in times:
            yield Violation("lost", _told(write))
        if write.outcome == "refused" and effect in times and effect not in claimed:
            yield Violation("undone", _told(write))


class _Index:
    """The truth of one register, looked up."""

    def __init__(self, states: Sequence[State]) -> None:
        self.latest = states[-1].shown
        self._entities = [state.entity for state in states]
        self._effects = {state.effect: number for number, state in enumerate(states)}
        self._shown: dict[str, list[int]] = defaultdict(list)
        for number, state in enumerate(states):
            self._shown[state.shown].append(number)

    def of_effect(self, effect: str) -> int | None:
        """Where a write is in the truth."""
        return self._effects.get(effect)

    def entity(self, place: int) -> str:
        """Which entity is the subject of an entry."""
        return self._entities[place]

    def places(self, shown: str) -> list[int]:
        """Where the truth looked like this, ascending."""
        return self._shown.get(shown, [])


class _Known:
    """What every node has to know by when, as far as acknowledgements tell."""

    def __init__(self, history: History, indexes: Mapping[str, _Index]) -> None:
        self._bound = history.bound
        self._troubles = history.troubles
        self._times: dict[str, list[float]] = defaultdict(list)
        self._least: dict[str, list[int]] = defaultdict(list)
        for write in sorted(history.writes, key=lambda write: write.ended):
            index = indexes.get(write.register)
            number = None if index is None else index.of_effect(write.effect)
            if write.outcome != "done" or number is None:
                continue
            least = self._least[write.register]
            least.append(max(number, least[-1] if least else 0))
            self._times[write.register].append(write.ended)

    def least(self, read: Read) -> int:
        """The oldest place that an answer may show; 0 where nothing is owed."""
        if any(self._excuses(trouble, read) for trouble in self._troubles):
            return 0
        acknowledged = bisect_right(self._times[read.register], read.began - self._bound)
        return self._least[read.register][acknowledged - 1] if acknowledged else 0

    def _excuses(self, trouble: Trouble, read: Read) -> bool:
        concerned = trouble.node in (None, read.node)
        return concerned and trouble.began <= read.ended and read.began <= trouble.ended + self._bound


def _of_reads(
    index: _Index, known: _Known, reads: Sequence[Read], writes: Sequence[Write]
) -> Iterator[Violation]:
    """The reads of one register at one node, beside the writes of it that this node acknowledged."""
    served, own = _Floors(), _Floors()
    for write in writes:
        number = index.of_effect(write.effect)
        if write.outcome == "done" and number is not None:
            own.rise(write.ended, number, index.entity(number))
    for read in sorted(reads, key=lambda read: read.began):
        places = index.places(read.shown)
        if not places:
            yield Violation("untrue", _told(read))
            continue
        entity = None if read.shown == ABSENT else index.entity(places[-1])
        floors: tuple[tuple[Kind, int], ...] = (
            ("backwards", served.at(read.began, entity)),
            ("own", own.at(read.began, entity)),
            ("stale", known.least(read)),
        )
        broken = [(kind, floor) for kind, floor in floors if places[-1] < floor]
        if broken:
            kind, floor = broken[0]
            yield Violation(kind, f"{_told(read)}, which is number {places[-1]} and not {floor} or later")
        # What the bound demands is no excuse to place an answer later than it may have been right.
        least = max(floor for kind, floor in floors if kind != "stale")
        place = next((place for place in places if place >= least), places[-1])
        served.rise(read.ended, place, entity)


class _Floors:
    """What is known of the entities of a register, one after the other, and of there being none of them.

    A node that shows an entity where another one has taken its place need only not have heard of its removal;
    so one entity's being there says nothing of the others.
    Whoever shows none knows of all that went before, and whoever knew of any cannot show none from before it.
    """

    def __init__(self) -> None:
        self._all, self._none = _Floor(), _Floor()
        self._each: dict[str, _Floor] = defaultdict(_Floor)

    def rise(self, at: float, number: int, entity: str | None) -> None:
        """An entry about an entity, or one that shows none (None), is known from after a moment on."""
        self._all.rise(at, number)
        (self._none if entity is None else self._each[entity]).rise(at, number)

    def at(self, moment: float, entity: str | None) -> int:
        """How new must be what shows an entity, or none."""
        if entity is None:
            return self._all.at(moment)
        return max(self._none.at(moment), self._each[entity].at(moment))


class _Floor:
    """The highest number that was known before a moment; moments are asked for in ascending order."""

    def __init__(self) -> None:
        self._coming: list[tuple[float, int]] = []
        self._height = 0

    def rise(self, at: float, number: int) -> None:
        """From after a moment on it is at least so high."""
        heapq.heappush(self._coming, (at, number))

    def at(self, moment: float) -> int:
        """How high it is."""
        while self._coming and self._coming[0][0] < moment:
            self._height = max(self._height, heapq.heappop(self._coming)[1])
        return self._height


def _by_node(events: Iterable[Event]) -> dict[tuple[str, str], list[Event]]:
    found: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        found[event.node, event.register].append(event)
    return found


def _told(event: Write | Read) -> str:
    what = event.effect if isinstance(event, Write) else event.shown
    return f"{what} of {event.register} at {event.node}, {event.began:.3f} to {event.ended:.3f}"
