"""What stands in a snapshot file: entities as in the embedded database, and what proves that they are whole.

The layout is that of the embedded database with one table more, ``snapshot``: of which database it is a copy,
up to which position, until when that was known to be current, and the *sum* of all entities.
The sum is that of the digests of all rows, so a row is added and taken off without a look at the others.
The rows beside entities are not in it, since they follow from the entities; whoever checks derives them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

from twisted_kong.db.documents import decode
from twisted_kong.db.indexes import foreign_rows, tag_rows, unique_rows
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.strategies.sqlite import kinds
from twisted_kong.db.strategies.sqlite.rows import SqliteRows, expired
from twisted_kong.db.tables import Table
from twisted_kong.db.transaction import run_unsuspended

# Raised whenever a file of before could not be understood any more.
FORMAT: Final = "1"

# How many rows whose time is over go at a time.
FORGOTTEN: Final = 5000

_TABLE = "create table if not exists snapshot (name text primary key, value text not null) strict"
_WIDTH: Final = 16
_MODULUS: Final = 1 << (8 * _WIDTH)

# A row of a table, or None where there is none (any more).
Found = tuple[Table, str, Stored | None]


@dataclass(frozen=True, slots=True)
class Account:
    """What a snapshot says of itself; ``as_of`` in epoch seconds."""

    identity: str
    position: str
    as_of: float
    sum: int


def prepare(connection: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """Make a new file of the embedded database's layout one for a snapshot, within a transaction."""
    connection.execute(_TABLE)
    for table in tables:
        kinds.remember(connection, table)
    _note(connection, {"format": FORMAT})


def account_of(connection: sqlite3.Connection) -> Account | None:
    """What it says of itself; None for a file that was never completed or is of another format."""
    try:
        noted = dict(connection.execute("select name, value from snapshot"))
        if noted.get("format") != FORMAT:
            return None
        return Account(noted["identity"], noted["position"], float(noted["as_of"]), int(noted["sum"], 16))
    except (KeyError, ValueError):
        return None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            return None
        raise


def set_account(connection: sqlite3.Connection, account: Account) -> None:
    """Note all of it."""
    _note(
        connection,
        {
            "identity": account.identity,
            "position": account.position,
            "as_of": repr(account.as_of),
            "sum": f"{account.sum:x}",
        },
    )


def touch(connection: sqlite3.Connection, as_of: float) -> None:
    """Note that it is still current."""
    _note(connection, {"as_of": repr(as_of)})


class Contents:
    """Changes rows within a transaction, and keeps their sum; in one thread.

    :param total: the sum of what is there.
    """

    def __init__(self, connection: sqlite3.Connection, total: int) -> None:
        self._connection = connection
        self._rows = SqliteRows(connection)
        self.sum = total

    def take(self, found: Iterable[Found]) -> int:
        """Bring rows to what was found; how many differed."""
        return sum(self._put(table, key, new) for table, key, new in found)

    def clear(self) -> None:
        """Remove all rows."""
        for name in ("entities", *_BESIDE):
            self._connection.execute(f"delete from {name}")
        self.sum = 0

    def forget(self, tables: Mapping[str, Table], before: float) -> int:
        """Remove rows whose time was over before an epoch second; how many went, of so many at a time.

        The log does not tell of their end, so they would stay for ever.
        """
        over = expired(self._connection, tables, FORGOTTEN, before)
        return self.take((tables[kind], key, None) for kind, key in over)

    def _put(self, table: Table, key: str, new: Stored | None) -> bool:
        old = run_unsuspended(self._rows.get(table, key))
        if _same(old, new):
            return False
        if old is not None:
            self._remove(table, key, old)
        if new is not None:
            self._make_way(table, key, new)
            run_unsuspended(self._rows.put(table, key, new, None))
            self.sum = (self.sum + digest(table.name, key, new.document, new.expires)) % _MODULUS
        return True

    def _remove(self, table: Table, key: str, old: Stored) -> None:
        run_unsuspended(self._rows.remove(table, key, old))
        self.sum = (self.sum - digest(table.name, key, old.document, old.expires)) % _MODULUS

    def _make_way(self, table: Table, key: str, new: Stored) -> None:
        """Remove who holds a unique value of a row that comes: it is gone, or has changed and comes later."""
        for unique in table.uniques:
            value = unique.value_of(new.entity)
            holder = None if value is None else run_unsuspended(self._rows.holder(table, unique, value))
            if holder is not None and (old := run_unsuspended(self._rows.get(table, holder))) is not None:
                self._remove(table, holder, old)


def is_whole(connection: sqlite3.Connection, tables: Mapping[str, Table], total: int) -> bool:
    """Whether the entities are those of the sum, and beside them stands what follows from them."""
    entities, beside = 0, 0
    for kind, key, document, expires in connection.execute(
        "select kind, id, document, expires from entities"
    ):
        entities += digest(kind, key, document, expires)
        beside += sum(map(_digest_beside, _derived(tables, kind, key, document, expires)))
    there = sum(map(_digest_beside, _beside(connection, tables)))
    return entities % _MODULUS == total and beside == there


def digest(kind: str, key: str, document: bytes, expires: float | None) -> int:
    """What a row adds to the sum."""
    head = f"{kind}\0{key}\0{expires!r}\0".encode()
    return int.from_bytes(blake2b(head + document, digest_size=_WIDTH).digest(), "big")


def _same(old: Stored | None, new: Stored | None) -> bool:
    if old is None or new is None:
        return old is new
    return old.document == new.document and old.expires == new.expires


def _derived(
    tables: Mapping[str, Table], kind: str, key: str, document: bytes, expires: float | None
) -> Iterator[tuple[Any, ...]]:
    table = tables.get(kind)
    if table is not None:
        row = Stored(decode(document), document, expires)
        for name, rows_of in _BESIDE.items():
            for values in rows_of(table, key, row):
                yield (name, *values)


def _beside(connection: sqlite3.Connection, tables: Mapping[str, Table]) -> Iterator[tuple[Any, ...]]:
    for name, columns in _COLUMNS.items():
        for values in connection.execute(f"select kind, {columns} from {name}"):
            if values[0] in tables:
                yield (name, *values[1:])


def _digest_beside(values: tuple[Any, ...]) -> int:
    return int.from_bytes(blake2b(orjson.dumps(values), digest_size=8).digest(), "big")


_BESIDE: Final[Mapping[str, Any]] = {
    "unique_values": unique_rows,
    "foreign_keys": foreign_rows,
    "tags": tag_rows,
}
# In the order in which the functions above give them.
_COLUMNS: Final[Mapping[str, str]] = {
    "unique_values": "kind, fields, value, id",
    "foreign_keys": "kind, field, parent, id",
    "tags": "id, ordinal, kind, tag",
}


def _note(connection: sqlite3.Connection, values: Mapping[str, str]) -> None:
    connection.executemany("insert or replace into snapshot values (?, ?)", values.items())
