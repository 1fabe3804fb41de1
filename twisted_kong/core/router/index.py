"""Where the entries of Routes wait to be found: by host, then by path, then by method, header or SNI.

Theory.
Every entry stands under one key per level, the most telling it has.
A host is looked up as such, then by each of its parents for ``*.parent`` and each of its beginnings for
``beginning.*``; a path by each of its beginnings whose length occurs among the paths of that host; a regex
under the literal text that it starts with.
So the number of look-ups follows the shape of the request (labels of its host, distinct lengths of paths),
not the number of Routes.
What is found in one place is a list, best first: the search takes the first that fits and leaves a list as
soon as it cannot beat what it has.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from operator import neg

from twisted_kong.core.router.entries import Entry, Query, discard, insert
from twisted_kong.core.router.patterns import Patterns
from twisted_kong.core.router.regexes import literal_prefix

Key = tuple[str, ...] | tuple[str, bytes, bytes]
_REST: Key = ("rest",)
_UNSECURED: Key = ("unsecured",)


class Cell:
    """The entries of one host and one path: plain ones under further keys, and the regexes that start so."""

    __slots__ = ("_header_names", "_keyed", "_plain", "_regexes")

    def __init__(self) -> None:
        self._plain: list[Entry] = []
        self._keyed: dict[Key, list[Entry]] | None = None
        self._header_names: dict[bytes, int] = {}
        self._regexes: Patterns | None = None

    def add(self, entry: Entry) -> None:
        """Take an entry in."""
        if entry.regex is not None:
            if self._regexes is None:
                self._regexes = Patterns()
            self._regexes.add(entry)
            return
        for key in _keys_of(entry):
            if key == _REST:
                insert(self._plain, entry)
                continue
            if self._keyed is None:
                self._keyed = {}
            insert(self._keyed.setdefault(key, []), entry)
            self._count_header(key, 1)

    def remove(self, entry: Entry) -> None:
        """Let an entry go that was added."""
        if entry.regex is not None:
            if self._regexes is not None and self._regexes.remove(entry):
                self._regexes = None
            return
        for key in _keys_of(entry):
            if key == _REST:
                discard(self._plain, entry)
            elif self._keyed is not None and discard(self._keyed[key], entry):
                self._count_header(key, -1)
                if not self._keyed[key]:
                    del self._keyed[key]

    def _count_header(self, key: Key, step: int) -> None:
        name = key[1] if len(key) == 3 else None
        if isinstance(name, bytes):
            count = self._header_names.get(name, 0) + step
            if count:
                self._header_names[name] = count
            else:
                del self._header_names[name]

    def best(self, query: Query, best: Entry | None) -> Entry | None:
        """The best entry that fits, ``best`` being the one to beat."""
        if self._plain:
            best = _first(self._plain, query, best)
        if self._keyed:
            for key in self._keys_for(query):
                entries = self._keyed.get(key)
                if entries is not None:
                    best = _first(entries, query, best)
        if self._regexes is not None:
            best = self._regexes.best(query, best)
        return best

    def _keys_for(self, query: Query) -> Iterator[Key]:
        yield ("method", query.method)
        yield ("sni", query.sni) if query.secure else _UNSECURED
        for name in self._header_names:
            for value in query.values(name):
                yield ("header", name, value)

    def __bool__(self) -> bool:
        return bool(self._plain or self._keyed or self._regexes is not None)


def _keys_of(entry: Entry) -> list[Key]:
    conditions = entry.conditions
    if conditions is None:
        return [_REST]
    for name, values, regex in conditions.headers:
        if regex is None:
            return [("header", name, value) for value in values]
    if conditions.snis and not conditions.wild_snis:
        return [_UNSECURED, *(("sni", name) for name in conditions.snis)]
    if conditions.methods:
        return [("method", method) for method in conditions.methods]
    return [_REST]


def _first(entries: list[Entry], query: Query, best: Entry | None) -> Entry | None:
    if best is None:
        for entry in entries:
            if entry.admits(query):
                return entry
        return None
    limit = best.order
    for entry in entries:
        if entry.order >= limit:
            break
        if entry.admits(query):
            return entry
    return best


class PathIndex:
    """The entries of one host (or of none) by the beginning of the path; "" holds those that ask no path."""

    __slots__ = ("_cells", "_counts", "_lengths")

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}
        self._counts: dict[int, int] = {}
        self._lengths: list[int] = []

    def add(self, entry: Entry) -> None:
        """Take an entry in."""
        start = _start_of(entry)
        cell = self._cells.get(start)
        if cell is None:
            cell = self._cells[start] = Cell()
            length = len(start)
            count = self._counts[length] = self._counts.get(length, 0) + 1
            if count == 1:
                insort(self._lengths, length, key=neg)
        cell.add(entry)

    def remove(self, entry: Entry) -> None:
        """Let an entry go that was added."""
        start = _start_of(entry)
        cell = self._cells.get(start)
        if cell is None:
            return
        cell.remove(entry)
        if cell:
            return
        del self._cells[start]
        length = len(start)
        self._counts[length] -= 1
        if not self._counts[length]:
            del self._counts[length]
            self._lengths.remove(length)

    def best(self, query: Query, best: Entry | None) -> Entry | None:
        """The best entry that fits, ``best`` being the one to beat."""
        path = query.path
        longest = len(path)
        cells = self._cells
        for length in self._lengths:
            if length <= longest:
                cell = cells.get(path[:length])
                if cell is not None:
                    best = cell.best(query, best)
        return best

    def __bool__(self) -> bool:
        return bool(self._cells)


def _start_of(entry: Entry) -> str:
    if entry.pattern is not None:
        return literal_prefix(entry.pattern)
    return entry.path or ""


class HostIndex:
    """All entries, by the host that they ask for; None for those that ask for none."""

    __slots__ = ("_hosts", "_kinds")

    def __init__(self) -> None:
        self._hosts: dict[str | None, PathIndex] = {}
        self._kinds: dict[str, int] = {}

    def add(self, entry: Entry, host: str | None) -> None:
        """Take an entry in, under one of its hosts: lower case, perhaps with ``*`` or a port."""
        index = self._hosts.get(host)
        if index is None:
            index = self._hosts[host] = PathIndex()
            kind = _kind_of(host)
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
        index.add(entry)

    def remove(self, entry: Entry, host: str | None) -> None:
        """Let an entry go that was added under this host."""
        index = self._hosts.get(host)
        if index is None:
            return
        index.remove(entry)
        if not index:
            del self._hosts[host]
            kind = _kind_of(host)
            self._kinds[kind] -= 1
            if not self._kinds[kind]:
                del self._kinds[kind]

    def best(self, query: Query) -> Entry | None:
        """The best entry of all that fit."""
        best: Entry | None = None
        hosts = self._hosts
        for host in self._hosts_for(query):
            index = hosts.get(host)
            if index is not None:
                best = index.best(query, best)
        return best

    def _hosts_for(self, query: Query) -> Iterator[str | None]:
        host, kinds = query.host, self._kinds
        port = f":{query.port}"
        names = [host]
        if "*." in kinds or "*.:" in kinds:
            names += ["*" + host[at:] for at in _dots(host)]
        if ".*" in kinds or ".*:" in kinds:
            names += [host[: at + 1] + "*" for at in _dots(host)]
        yield from names
        if ":" in kinds or "*.:" in kinds or ".*:" in kinds:
            for name in names:
                yield name + port
        yield None


def _dots(host: str) -> Iterator[int]:
    at = host.find(".")
    while at != -1:
        yield at
        at = host.find(".", at + 1)


def _kind_of(host: str | None) -> str:
    """Which look-ups an entry's host makes necessary."""
    if host is None:
        return ""
    port = ":" if has_port(host) else ""
    if host.startswith("*"):
        return "*." + port
    return ".*" + port if "*" in host else port


def has_port(host: str) -> bool:
    """Whether a Route's host names a port; a bare IPv6 address in brackets does not."""
    return not host.endswith("]") and host.rpartition(":")[2].isdigit() and ":" in host
