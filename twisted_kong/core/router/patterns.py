"""Many regexes at once: sets of them are matched in one pass, so that 10,000 regex Routes stay bearable.

Theory.
An RE2 set tells in one linear pass which of its patterns match, but it cannot be changed.
So patterns are kept in sets of fixed size, with a list of fresh ones that are tried one by one until they
fill another set; a removed one leaves a gap, and a set with many gaps is given up, its survivors being fresh
again.
Adding one pattern thus costs at most one set, however many there are.
A set that runs out of memory answers "none": each holds a pattern that always matches, to tell that from the
truth, and its patterns are then tried one by one; so are patterns that are big by themselves, always.
"""

from __future__ import annotations

from typing import Any

import re2

from twisted_kong.core.router.entries import Entry, Query, discard, insert

_SET_SIZE = 64
_FEWEST = 16
# Instructions of the engine; a UUID spelled out with repetitions takes about 100.
_BIGGEST = 400

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True


class _Set:
    """Up to ``_SET_SIZE`` entries whose patterns are matched together."""

    __slots__ = ("entries", "live", "machine")

    def __init__(self, entries: list[Entry]) -> None:
        self.entries: list[Entry | None] = list(entries)
        self.live = len(entries)
        self.machine = _machine(entries)

    def matching(self, subject: bytes) -> list[Entry]:
        """The entries whose pattern matches."""
        found = None if self.machine is None else self.machine.Match(subject)
        if not found:
            return [entry for entry in self.entries if entry is not None and entry.regex.search(subject)]
        if len(found) == 1:
            return []
        entries = [self.entries[number - 1] for number in found if number]
        return [entry for entry in entries if entry is not None]


def _machine(entries: list[Entry]) -> Any:
    machine = re2.Set.SearchSet(_OPTIONS)
    try:
        machine.Add(b"")
        for entry in entries:
            machine.Add(b"^" + (entry.pattern or "").encode("utf-8"))
        machine.Compile()
    except re2.error:
        # Each compiled alone, but together they are too big.
        return None
    return machine


class Patterns:
    """The regex entries of one place of the index."""

    __slots__ = ("_big", "_fresh", "_sets", "_where")

    def __init__(self) -> None:
        self._big: list[Entry] = []
        self._fresh: list[Entry] = []
        self._sets: list[_Set] = []
        self._where: dict[Entry, _Set] = {}

    def add(self, entry: Entry) -> None:
        """Take an entry in."""
        if entry.regex.programsize > _BIGGEST:
            insert(self._big, entry)
            return
        insert(self._fresh, entry)
        if len(self._fresh) >= _SET_SIZE:
            made = _Set(self._fresh)
            self._sets.append(made)
            self._where.update(dict.fromkeys(self._fresh, made))
            self._fresh = []

    def remove(self, entry: Entry) -> bool:
        """Let an entry go that was added; True if it was the last."""
        home = self._where.pop(entry, None)
        if home is None:
            if not discard(self._fresh, entry):
                discard(self._big, entry)
        else:
            home.entries[home.entries.index(entry)] = None
            home.live -= 1
            if home.live < _FEWEST:
                self._give_up(home)
        return not (self._fresh or self._sets or self._big)

    def _give_up(self, home: _Set) -> None:
        self._sets.remove(home)
        for entry in home.entries:
            if entry is not None:
                del self._where[entry]
                self.add(entry)

    def best(self, query: Query, best: Entry | None) -> Entry | None:
        """The best entry that fits, ``best`` being the one to beat."""
        best = _first(self._fresh, query, best)
        if self._big:
            best = _first(self._big, query, best)
        limit = 0 if best is None else best.order
        for group in self._sets:
            for entry in group.matching(query.raw):
                if entry.order < limit and entry.admits(query):
                    best, limit = entry, entry.order
        return best


def _first(entries: list[Entry], query: Query, best: Entry | None) -> Entry | None:
    limit = 0 if best is None else best.order
    for entry in entries:
        if entry.order >= limit:
            break
        if entry.admits(query) and entry.regex.search(query.raw) is not None:
            return entry
    return best
