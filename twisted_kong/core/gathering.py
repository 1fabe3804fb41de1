"""The lease of a read of many rows, whose cache keys are not known before it has ended.

Like the lease of one key it keeps what was read before a change from being stored after it: whatever key was
dropped while such a read was under way, the read may not store.
"""

from __future__ import annotations


class Gathering:
    """One such read; asked for before it begins."""

    __slots__ = ("_dropped", "_void")

    def __init__(self) -> None:
        self._dropped: set[str] = set()
        self._void = False

    def allows(self, key: str) -> bool:
        """Whether what was read may be stored under a key."""
        return not self._void and key not in self._dropped

    def drop(self, key: str) -> None:
        """A key was purged."""
        self._dropped.add(key)

    def void(self) -> None:
        """Everything was purged."""
        self._void = True


class Gatherings:
    """All such reads under way in one table."""

    __slots__ = ("_under_way",)

    def __init__(self) -> None:
        self._under_way: set[Gathering] = set()

    def begin(self) -> Gathering:
        """The lease of a read that is about to begin."""
        gathering = Gathering()
        self._under_way.add(gathering)
        return gathering

    def end(self, gathering: Gathering) -> None:
        """The read has ended; what is dropped from now on is dropped after it was stored."""
        self._under_way.discard(gathering)

    def drop(self, key: str) -> None:
        """A key was purged."""
        for gathering in self._under_way:
            gathering.drop(key)

    def void(self) -> None:
        """Everything was purged."""
        for gathering in self._under_way:
            gathering.void()
