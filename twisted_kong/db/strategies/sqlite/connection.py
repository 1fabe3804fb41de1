"""Opening a database file, and saying in one line why it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable

# In SQLite's header, so that another program's file is not taken for ours: "KONG".
APPLICATION_ID = 0x4B4F4E47
BUSY_SECONDS = 5.0
# strict tables; what older ones lack is told here and not by a syntax error
OLDEST_SQLITE = (3, 37, 0)

_STATEMENTS = 256
_WAL_ATTEMPTS = 100
_WAL_PAUSE = 0.05

# The beginning of SQLite's name for an error: what it means, and whether a healthy file may come back.
_REASONS = (
    ("SQLITE_NOTADB", "is not a database", False),
    ("SQLITE_CORRUPT", "is damaged", False),
    ("SQLITE_READONLY", "is read-only", True),
    ("SQLITE_FULL", "cannot grow: the disk is full", True),
    ("SQLITE_CANTOPEN", "cannot be opened", True),
    ("SQLITE_PERM", "cannot be opened", True),
    ("SQLITE_BUSY", f"has been locked by another process for {BUSY_SECONDS:.0f} seconds", True),
    ("SQLITE_IOERR", "cannot be read or written", True),
)

# How else a full disk shows, and how many bytes SQLite needs at once: its shared memory grows by 32 KiB.
_DISK_FULL_AS = ("SQLITE_IOERR", "SQLITE_CANTOPEN")
_ROOM = 64 * 1024


def explain(path: Path, error: sqlite3.Error, free: Callable[[Path], int] | None = None) -> DatabaseError:
    """SQLite's complaint about a file as ours.

    :param free: how many bytes can still be written next to a file.
    """
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_ERROR" and str(error).startswith("no such table: "):
        return DatabaseUnavailable(
            f"the database file {path} has lost its tables, as after 'kong migrations reset':"
            f" restart the node to begin anew ({error})"
        )
    if name.startswith(_DISK_FULL_AS) and (free or free_bytes)(path) < _ROOM:
        name = "SQLITE_FULL"
    for beginning, reason, temporary in _REASONS:
        if name.startswith(beginning):
            kind = DatabaseUnavailable if temporary else DatabaseError
            return kind(f"the database file {path} {reason} ({error})")
    return DatabaseError(f"the database file {path}: {error}")


def free_bytes(path: Path) -> int:
    """How much can still be written to the disk of a file, there or not; a lot where that cannot be told."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return sys.maxsize
    return disk.f_bavail * disk.f_frsize


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises within into our errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from error


def open_file(path: Path) -> sqlite3.Connection:
    """A connection for reading and writing, for the calling thread only.

    The file is made when it is missing, readable by its owner alone, for it holds credentials.
    """
    check_version(sqlite3.sqlite_version_info)
    _make(path)
    with explained(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=_STATEMENTS
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def check_version(version: tuple[int, ...]) -> None:
    """Refuse a SQLite that is too old for the layout."""
    if version < OLDEST_SQLITE:
        needed, found = (".".join(map(str, each)) for each in (OLDEST_SQLITE, version))
        raise DatabaseError(f"SQLite {needed} or later is needed, and this Python comes with {found}")


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only look, at a file that is open already; for the calling thread only."""
    with explained(path):
        return sqlite3.connect(
            _read_only(path),
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            cached_statements=_STATEMENTS,
        )


def open_watcher(path: Path) -> sqlite3.Connection:
    """A connection that can only look and never waits for a lock."""
    with explained(path):
        return sqlite3.connect(_read_only(path), uri=True, timeout=0)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path, by device and inode; None when there is none.

    A connection goes on with the file it opened when that was removed or replaced, and whatever is then
    written into it is lost.  So the path is looked at before each use.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "immediate") -> Iterator[None]:
    """A transaction, rolled back on any exception; ``immediate`` makes it the only writer from the start."""
    connection.execute(f"begin {kind}")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # SQLite has rolled back by itself after some errors, a full disk for one
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


def _make(path: Path) -> None:
    if not path.parent.is_dir():
        raise DatabaseUnavailable(
            f"the database file {path} cannot be made: there is no directory {path.parent}"
        )
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(
            f"the database file {path} cannot be opened for writing: {error.strerror}"
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _check_owner(connection, path)
    _use_wal(connection, path)
    # full: an acknowledged write outlives a loss of power, not just of the process
    connection.execute("pragma synchronous = full")


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    # In this order: the node that makes tables in between also leaves its mark, in the same transaction.
    (objects,) = connection.execute("select count(*) from sqlite_schema").fetchone()
    (owner,) = connection.execute("pragma application_id").fetchone()
    if owner != APPLICATION_ID and objects:
        raise DatabaseError(f"the database file {path} belongs to another program")


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging.

    Where several processes do so at once SQLite refuses at once instead of waiting, so the waiting is here.
    """
    for _ in range(_WAL_ATTEMPTS):
        try:
            (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            Event().wait(_WAL_PAUSE)
            continue
        if mode != "wal":
            raise DatabaseUnavailable(
                f"the database file {path} is where write-ahead logging does not work, as on a network share"
            )
        return
    raise DatabaseUnavailable(f"the database file {path} is locked by another process")
