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
    :param poll_where_read: the log is polled on the replica that entities are read from; else on the primary.
    :param own_when_applied: a node's own change is left out only if it was applied at the write; else always.
    :param doubt_after_failover: a reader that finds another server in the place of the one it has read from
        takes everything for stale, even if its position is in that server's log; else the position decides.
    :param read_again: a row that changes during its read is read again.
    """

    in_transaction: bool = True
    commit_order: bool = True
    leases: bool = True
    page_leases: bool = True
    doubt: bool = True
    poll_where_read: bool = True
    own_when_applied: bool = True
    doubt_after_failover: bool = True
    read_again: bool = True
