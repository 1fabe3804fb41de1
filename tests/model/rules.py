"""The rules of coherence, each of which a history can switch off to show that it is needed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What holds in a world.

    :param in_transaction: the change is written in the transaction of its entity; else after it, and a crash
        of the writer may come between.
    :param commit_order: changes are numbered as they commit; else as their transactions begin.
    :param leases: a read under way when its key is purged is not stored.
    :param page_leases: neither is what a read of many rows at once has brought of it.
    :param doubt: a log that cannot show continuity makes everything stale; else reading just goes on.
    :param never_back: an answer is believed only if it proves to contain all that was seen before; else each.
    :param frontier: an answer must be seen to be of one history with all that was seen; else only the highest
        position counts.
    :param nothing_lost: no answer is believed that shows what the primary has lost; else all claims will do.
    :param own_when_applied: a node's own change is left out only if it was applied at the write; else always.
    :param read_again: a row that changes during its read is read again.
    :param poll_where_read: the log is polled on the replica that entities are read from; else on the primary.
    :param steady: durations run on a clock that nobody sets; else on the wall clock.
    :param known_positions: a member's position counts only if the log holds it; else by its number alone.
    :param arrival: who has become a member applies the log to its end before it serves; else it serves.
    """

    in_transaction: bool = True
    commit_order: bool = True
    leases: bool = True
    page_leases: bool = True
    doubt: bool = True
    never_back: bool = True
    frontier: bool = True
    nothing_lost: bool = True
    own_when_applied: bool = True
    read_again: bool = True
    poll_where_read: bool = True
    steady: bool = True
    known_positions: bool = True
    arrival: bool = True
