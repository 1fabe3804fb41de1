"""The database of the model: a primary and its replicas, which lag, restart, are promoted and restored.

A *timeline* is what one history of the database went through, snapshot by snapshot; a failover or a restore
begins another one from an old snapshot.  A server shows some snapshot of some timeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.model.truth import KEYS, Key, Truth
from twisted_kong.core.changes import Change, Position
from twisted_kong.db.positions import LogPosition
from twisted_kong.node.standing import DEAD_AFTER


@dataclass(frozen=True, slots=True)
class Reported:
    """What a member has said of itself, and when."""

    position: Position | None
    at: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a server shows at one moment: entities, members, and the rows of the log from first to end."""

    timeline: Timeline
    since: float
    first: int
    end: int
    entities: Mapping[Key, int | None]
    members: Mapping[str, Reported]

    @property
    def head(self) -> LogPosition:
        """The latest position."""
        return position_of(self.timeline.rows[self.end - 1])

    @property
    def first_number(self) -> int:
        """The number of the oldest row."""
        return position_of(self.timeline.rows[self.first]).number

    @property
    def rows(self) -> list[Change]:
        """The log, as transactions committed."""
        return self.timeline.rows[self.first : self.end]

    def holds(self, positions: Iterable[LogPosition]) -> bool:
        """Whether all of these are in the log."""
        places = self.timeline.places
        return all(self.first <= places.get(each, -1) < self.end for each in positions)


class Timeline:
    """One history of the database."""

    def __init__(self, rows: list[Change]) -> None:
        self.rows = rows
        self.places = {position_of(row): place for place, row in enumerate(rows)}
        self.snapshots: list[Snapshot] = []


class Server:
    """Shows a timeline as it was ``lag`` seconds ago; never less than it has shown, but for a restart."""

    def __init__(self, name: str, timeline: Timeline, lag: float) -> None:
        self.name, self.lag = name, lag
        self.timeline, self._shown = timeline, 0
        # Nothing new is shown before: it has restarted, or cannot follow the one that was promoted.
        self.stuck_until = -1e9
        # What gets there now is not answered any more.
        self.gone = False

    def snapshot(self, now: float) -> Snapshot:
        """What it shows now."""
        snapshots = self.timeline.snapshots
        while (
            self.stuck_until <= now
            and self._shown + 1 < len(snapshots)
            and snapshots[self._shown + 1].since <= now - self.lag
        ):
            self._shown += 1
        return snapshots[self._shown]

    def go_back(self, count: int, until: float) -> None:
        """Restart with an older state, and replay from there after a while."""
        self._shown, self.stuck_until = max(0, self._shown - count), until

    def follow(self, timeline: Timeline) -> None:
        """Become a copy of another history."""
        self.timeline, self._shown = timeline, 0


class Database:
    """All servers, and what is true.

    :param lags: those of the replicas.
    :param ahead: seconds by which the replicas may show a commit before the primary does.
    """

    def __init__(self, truth: Truth, lags: Iterable[float], ahead: float = 0.0) -> None:
        self.truth = truth
        self.world_of: dict[LogPosition, int] = {}
        self.numbers = 0
        # Until when a node was no living member for all others could know, though it ran.
        self.unheard: dict[str, float] = {}
        timeline = Timeline([])
        self.primary = Server("primary", timeline, ahead)
        self.replicas = [Server(f"replica{at}", timeline, lag) for at, lag in enumerate(lags, 1)]
        first = Snapshot(timeline, 0.0, 0, 0, dict.fromkeys(KEYS), {})
        self._log(first, Change(self._new_position(0, 0), "", "update", "", (), "", 0.0))

    @property
    def latest(self) -> Snapshot:
        """What the primary has committed last."""
        return self.primary.timeline.snapshots[-1]

    # What is committed.

    def write(self, key: Key, deleted: bool, now: float) -> tuple[int, Snapshot]:
        """An entity is created, changed or deleted; its world number, and what is to be committed."""
        value = None if deleted else self.truth.world + 1
        world = self.truth.become(key, value, now)
        return world, replace(self.latest, since=now, entities={**self.latest.entities, key: value})

    def log_change(
        self, snapshot: Snapshot, key: Key, world: int, *, origin: str, at: float, number: int | None = None
    ) -> Change:
        """Commit with a row of the log."""
        last = position_of(self.latest.timeline.rows[-1]).number
        position = self._new_position(last + 1 if number is None else number, world)
        change = Change(position, key[0], "update", key[1], (f"{key[0]}:{key[1]}",), origin, at)
        self._log(snapshot, change)
        return change

    def commit(self, snapshot: Snapshot) -> None:
        """Commit without one."""
        self.primary.timeline.snapshots.append(snapshot)

    def report(self, instance: str, position: Position | None, now: float) -> None:
        """A member reports."""
        before = self.latest.members.get(instance)
        lost = before is None and instance in self.unheard
        if lost or (before is not None and now - before.at >= DEAD_AFTER):
            self.unheard[instance] = now
        members = {**self.latest.members, instance: Reported(position, now)}
        self.commit(replace(self.latest, since=now, members=members))

    def leave(self, instance: str, now: float) -> None:
        """A member leaves."""
        members = {name: each for name, each in self.latest.members.items() if name != instance}
        self.commit(replace(self.latest, since=now, members=members))

    def trim(self, before: float, now: float) -> None:
        """Forget rows that were written before a moment of the writers' clocks, but not the newest."""
        rows, first = self.latest.rows, self.latest.first
        count = next((at for at, row in enumerate(rows) if row.at >= before), len(rows))
        self.commit(replace(self.latest, since=now, first=first + min(count, len(rows) - 1)))

    # Disasters.

    def go_on_from(self, snapshot: Snapshot, now: float) -> None:
        """The primary is one that holds no more than this: another history begins."""
        for instance in self.latest.members:
            reported = snapshot.members.get(instance)
            if reported is None or now - reported.at >= DEAD_AFTER:
                self.unheard[instance] = now
        timeline = Timeline(snapshot.timeline.rows[: snapshot.end])
        timeline.snapshots.append(replace(snapshot, timeline=timeline, since=now))
        for key, value in snapshot.entities.items():
            if self.truth.now(key) != value:
                self.truth.become(key, value, now)
        self.primary = Server("primary", timeline, self.primary.lag)

    def _new_position(self, number: int, world: int) -> LogPosition:
        position = LogPosition(number, f"{world:08x}")
        self.world_of[position] = world
        return position

    def _log(self, snapshot: Snapshot, change: Change) -> None:
        timeline = self.primary.timeline
        timeline.places[position_of(change)] = len(timeline.rows)
        timeline.rows.append(change)
        self.commit(replace(snapshot, end=len(timeline.rows)))


def position_of(change: Change) -> LogPosition:
    """The position of a change, whose kind is known here."""
    assert isinstance(change.position, LogPosition)
    return change.position
