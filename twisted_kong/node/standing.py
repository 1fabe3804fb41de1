"""The rules by which nodes are judged: who is alive, who lags behind a position, by how much."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import DEAD_AFTER, Member, is_live

__all__ = [
    "DEAD_AFTER",
    "FORGOTTEN_AFTER",
    "HEARTBEAT",
    "Outcome",
    "is_live",
    "judge",
    "unproven",
    "with_this",
]

# Seconds between two reports of a node that has nothing new to report.
HEARTBEAT = 10.0
# Seconds without a report after which a node is forgotten.
FORGOTTEN_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far the living nodes have got.

    ``error`` tells why that could not be found out, as far as it could not.
    """

    nodes: tuple[Member, ...] = ()
    laggards: tuple[Member, ...] = ()
    error: str | None = None

    @property
    def converged(self) -> bool:
        """Whether every living node has applied the position."""
        return self.error is None and not self.laggards


def with_this(members: Iterable[Member], this: Member) -> tuple[Member, ...]:
    """All nodes with this one as it is now, whatever it has reported last, or if it could not."""
    others = (member for member in members if member.instance != this.instance)
    return tuple(sorted((*others, this), key=lambda member: member.instance))


def unproven(members: Iterable[Member], position: Position) -> set[Position]:
    """What nodes report that, by its number, is at or after a position, and is not that very position.

    Of these it has to be found out whether they are of the same history.
    """
    reported = {member.position for member in members if member.position is not None}
    return {each for each in reported if each >= position and each != position}


def judge(members: Iterable[Member], position: Position, proven: Collection[Position]) -> Outcome:
    """Which of the living nodes have applied a position.

    :param proven: positions that are known to be of the same history.
    """

    def has_applied(member: Member) -> bool:
        at = member.position
        return at is not None and (at == position or (at >= position and at in proven))

    living = tuple(filter(is_live, members))
    return Outcome(living, tuple(member for member in living if not has_applied(member)))
