"""Opening a snapshot file, to write it or to start from it, and saying in one line why it cannot be used.

To be started from, a file must be one's own and nobody else's to read, whole, current enough, and a copy of
this very database in this version's layout.
To be written it need not be whole: whatever is wrong with one of ours, it is removed and made anew.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.last_good import contents
from twisted_kong.db.last_good.contents import Account
from twisted_kong.db.strategies.sqlite import kinds, migrations
from twisted_kong.db.strategies.sqlite.connection import (
    APPLICATION_ID,
    BUSY_SECONDS,
    explain,
    open_file,
    transaction,
)
from twisted_kong.db.tables import Table

# https://www.sqlite.org/fileformat.html: how a file begins, and where it tells whose it is.
_MAGIC: Final = b"SQLite format 3\0"
_OWNER: Final = slice(68, 72)
_WAL_BYTES: Final = 4 << 20
_BESIDE: Final = ("", "-wal", "-shm", "-journal")


class Refused(DatabaseUnavailable):
    """A snapshot file that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a snapshot is kept, and of which database: ``identity`` is that of no other one."""

    path: Path
    identity: str


def open_to_read(
    place: Place, tables: Mapping[str, Table], oldest: float
) -> tuple[sqlite3.Connection, Account]:
    """A connection that only reads, and what the file says of itself; :class:`Refused` if it is not fit.

    Looks at every row, so it takes some seconds for a big one.

    :param oldest: the epoch second until which it must have been current at least.
    """
    connection, account = _open_checked(place, tables)
    try:
        if account.as_of < oldest:
            hours = (oldest - account.as_of) / 3600
            raise Refused(f"{place.path} is older than config_cache_max_age allows, by {hours:.1f} hours")
        with _explained(place.path):
            _check_whole(connection, place.path, tables, account)
            connection.execute("pragma query_only = on")
    except BaseException:
        connection.close()
        raise
    return connection, account


def open_to_write(
    place: Place, tables: Mapping[str, Table], *, anew: bool = False
) -> tuple[sqlite3.Connection, Account | None, str | None]:
    """A connection that writes, what the file says of itself, and why the one that was there was removed.

    The account is None for a file that was made anew.

    :param anew: make it anew even if nothing is known to be wrong with it.
    """
    removed = None
    try:
        if anew:
            raise Refused(f"{place.path} could not be written")
        connection, account = _open_checked(place, tables)
    except Refused as refusal:
        if place.path.exists():
            _remove_ours(place.path, refusal)
            removed = refusal.message
        return _make(place, tables), None, removed
    _relax(connection)
    return connection, account, None


def _open_checked(place: Place, tables: Mapping[str, Table]) -> tuple[sqlite3.Connection, Account]:
    """All that can be checked without reading the whole file."""
    path = place.path
    _check_owner(path)
    with _explained(path):
        # Not read-only: what a node that was killed left beside the file must be taken in.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
    try:
        with _explained(path):
            return connection, _checked_account(connection, place, tables)
    except BaseException:
        connection.close()
        raise


def _check_owner(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{path} is no file")
    if status.st_uid != os.geteuid():
        raise Refused(f"{path} belongs to another user")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Refused(f"{path} is open to others than its owner (mode {stat.S_IMODE(status.st_mode):04o})")


def _checked_account(connection: sqlite3.Connection, place: Place, tables: Mapping[str, Table]) -> Account:
    path = place.path
    (owner,) = connection.execute("pragma application_id").fetchone()
    if owner != APPLICATION_ID:
        raise Refused(f"{path} belongs to another program")
    if migrations.state(connection, path).pending or kinds.changed(connection, tables.values()):
        raise Refused(f"{path} was written by another version, or with other plugins")
    account = contents.account_of(connection)
    if account is None:
        raise Refused(f"{path} was never completed")
    if account.identity != place.identity:
        raise Refused(f"{path} is a copy of another database: {account.identity}")
    return account


def _check_whole(
    connection: sqlite3.Connection, path: Path, tables: Mapping[str, Table], account: Account
) -> None:
    (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
    if verdict != "ok":
        raise Refused(f"{path} is damaged ({verdict})")
    if not contents.is_whole(connection, tables, account.sum):
        raise Refused(f"{path} is damaged (its sum is wrong)")


def _make(place: Place, tables: Mapping[str, Table]) -> sqlite3.Connection:
    connection = open_file(place.path)
    try:
        with _explained(place.path):
            migrations.migrate(connection, place.path)
            with transaction(connection):
                contents.prepare(connection, tables.values())
            _relax(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _relax(connection: sqlite3.Connection) -> None:
    # What a loss of power takes is what the database has; the file stays whole all the same.
    connection.execute("pragma synchronous = normal")
    # A first copy goes through the write-ahead log as a whole, which would keep that size.
    connection.execute(f"pragma journal_size_limit = {_WAL_BYTES}")


def _remove_ours(path: Path, refusal: Refused) -> None:
    """Remove a file of ours with what belongs to it; another program's is left alone."""
    try:
        with path.open("rb") as file:
            head = file.read(_OWNER.stop)
    except OSError as error:
        raise Refused(f"{refusal.message}, and cannot be removed: {error.strerror}") from None
    owner = int.from_bytes(head[_OWNER], "big")
    if head and not (head.startswith(_MAGIC) and owner == APPLICATION_ID):
        raise Refused(f"{refusal.message}, and is left alone: remove it, or choose another config_cache_path")
    for suffix in _BESIDE:
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{suffix}")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises within into a refusal."""
    try:
        yield
    except sqlite3.Error as error:
        raise Refused(explain(path, error).message) from error
    except DatabaseError as error:
        raise Refused(error.message) from error
