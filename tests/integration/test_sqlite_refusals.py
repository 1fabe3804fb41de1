"""Files that cannot be used: each is refused with one line that names the file and the reason."""

from __future__ import annotations

import itertools
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from typing_extensions import override

from tests.kit.stores import small_database
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.database import Database
from twisted_kong.db.strategies.sqlite.connection import APPLICATION_ID
from twisted_kong.db.strategies.sqlite.migrations import STEPS
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy

pytestmark = [pytest.mark.integration, pytest.mark.sqlite]

ROOT = Path(__file__).parents[2]
NUMBERS = itertools.count()


def database_on(path: Path, kind: Callable[..., SqliteStrategy] = SqliteStrategy) -> Database:
    """A database on a file, not started."""
    from twisted.internet import reactor

    return small_database(kind(path, reactor), reactor, f"process-{next(NUMBERS)}")


async def refusal(awaitable: Awaitable[Any]) -> DatabaseError:
    """The failure that something must end in, of one line."""
    with pytest.raises(DatabaseError) as caught:
        await awaitable
    assert "\n" not in caught.value.message
    return caught.value


async def a_good_file(path: Path) -> None:
    """Make a file with one Service."""
    database = database_on(path)
    await database.start()
    await database.services.insert({"name": "one"})
    await database.stop()


async def test_no_directory(tmp_path: Path) -> None:
    """The directory must be there."""
    path = tmp_path / "none" / "kong.db"
    error = await refusal(database_on(path).start())
    assert isinstance(error, DatabaseUnavailable)
    assert error.message == (f"the database file {path} cannot be made: there is no directory {path.parent}")


async def test_a_directory_in_its_place(tmp_path: Path) -> None:
    """A directory is no file."""
    error = await refusal(database_on(tmp_path).start())
    assert error.message == (f"the database file {tmp_path} cannot be opened for writing: Is a directory")


async def test_not_a_database(tmp_path: Path) -> None:
    """A file of another kind is refused and left as it is."""
    path = tmp_path / "kong.db"
    text = "this is no database, but it is long enough to be looked at\n" * 50
    path.write_text(text)
    error = await refusal(database_on(path).start())
    assert error.message == f"the database file {path} is not a database (file is not a database)"
    assert path.read_text() == text


async def test_another_programs_database(tmp_path: Path) -> None:
    """A SQLite file of another program is refused and left as it is."""
    path = tmp_path / "kong.db"
    connection = sqlite3.connect(path)
    connection.execute("create table entities (x)")
    connection.close()
    before = path.read_bytes()
    error = await refusal(database_on(path).start())
    assert error.message == f"the database file {path} belongs to another program"
    assert path.read_bytes() == before


async def test_a_damaged_file(tmp_path: Path) -> None:
    """A file with a page of rubbish is refused at the start."""
    path = tmp_path / "kong.db"
    await a_good_file(path)
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 3] = b"\xa5" * (4096 * 2)
    path.write_bytes(content)
    error = await refusal(database_on(path).start())
    assert error.message.startswith(f"the database file {path} is damaged (")
    assert not isinstance(error, DatabaseUnavailable)


async def test_a_later_version(tmp_path: Path) -> None:
    """A file that a later version has used is refused."""
    path = tmp_path / "kong.db"
    await a_good_file(path)
    connection = sqlite3.connect(path)
    connection.execute("insert into migrations values ('9999_from_the_future', '')")
    connection.commit()
    connection.close()
    error = await refusal(database_on(path).start())
    assert error.message == (
        f"the database file {path} was used by a later version: it has been through the step"
        f" 9999_from_the_future, and this version knows none after {STEPS[-1].name}"
    )


async def test_not_migrated(tmp_path: Path) -> None:
    """Who does not want to migrate is told that there is something to migrate."""
    path = tmp_path / "kong.db"
    error = await refusal(database_on(path).start(migrate=False))
    assert error.message == f"the database file {path} has not been through all migrations"
    await a_good_file(path)
    database = database_on(path)
    await database.start(migrate=False)
    state = await database.strategy.migrations()
    assert (state.executed, state.pending) == (tuple(step.name for step in STEPS), ())
    await database.stop()


READ_ONLY = """
import os, sys
from pathlib import Path
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.sqlite.connection import open_file
if os.getuid() == 0:
    # root may write anything
    os.setgid(65534)
    os.setuid(65534)
try:
    open_file(Path(sys.argv[1]))
except DatabaseError as error:
    print(error)
"""


async def test_a_read_only_file(tmp_path: Path) -> None:
    """A file that may not be written is refused at the start, not at the first write."""
    path = tmp_path / "kong.db"
    await a_good_file(path)
    path.chmod(0o444)
    # Those that pytest has made, one more where tests run in several processes, and not the system's own.
    made = [each for each in tmp_path.parents if each.name.startswith(("pytest-", "popen-"))]
    for directory in (tmp_path, *made):
        directory.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == f"the database file {path} cannot be opened for writing: Permission denied\n"


class SmallDisk(SqliteStrategy):
    """A strategy whose file can grow no more than to a number of pages."""

    pages = 60

    @override
    def _open(self, migrate: bool) -> sqlite3.Connection:
        connection = super()._open(migrate)
        grow_to(connection, self.pages)
        return connection


def grow_to(connection: sqlite3.Connection, pages: int) -> None:
    """Change how far a file can grow."""
    connection.execute(f"pragma max_page_count = {pages}").fetchall()


async def fill(database: Database) -> tuple[int, DatabaseError]:
    """Write Services until that fails; how many there are, and the failure."""
    for number in range(1000):
        try:
            await database.services.insert({"name": f"s{number}", "tags": ["x" * 1000]})
        except DatabaseError as error:
            return number, error
    raise AssertionError("the disk did not fill")


async def test_a_full_disk(tmp_path: Path) -> None:
    """When the disk is full a write is refused with nothing written, reads go on, and so do writes once there
    is room again."""
    path = tmp_path / "kong.db"
    database = database_on(path, SmallDisk)
    await database.start()
    written, error = await fill(database)
    assert isinstance(error, DatabaseUnavailable)
    assert error.message == (
        f"the database file {path} cannot grow: the disk is full (database or disk is full)"
    )
    assert written > 5
    head = await database.log.head()
    assert [row async for row in database.services.each()] != []
    assert await database.services.select_by("name", f"s{written}") is None
    strategy = database.strategy
    assert isinstance(strategy, SmallDisk)
    await strategy._writes.run(lambda connection: grow_to(connection, 1000))
    later = await database.services.insert({"name": f"s{written}", "tags": ["x" * 1000]})
    assert (await database.log.changes_after(head)).changes == later.changes
    await database.stop()


LIMITED = """
import resource, sys
from pathlib import Path
from twisted.internet import task
from twisted.internet.defer import Deferred
from tests.kit.stores import small_database
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.sqlite.migrations import STEPS
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy

async def main(reactor):
    database = small_database(SqliteStrategy(Path(sys.argv[1]), reactor), reactor)
    await database.start()
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        for number in range(1000):
            await database.services.insert({"name": f"s{number}", "tags": ["x" * 1000]})
    except DatabaseError as error:
        print(error)
    print(number, len([row async for row in database.services.each()]))
    await database.stop()

task.react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
"""


async def test_a_write_that_the_system_refuses(tmp_path: Path) -> None:
    """When the operating system refuses to write, what was acknowledged is there and nothing else is."""
    path = tmp_path / "kong.db"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    message, counts = done.stdout.splitlines()
    assert message == f"the database file {path} cannot be read or written (disk I/O error)"
    number, found = counts.split()
    assert number == found != "0"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 400_000
    database = database_on(path)
    await database.start()
    assert len([row async for row in database.services.each()]) == int(number)
    await database.stop()


async def test_a_file_locked_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds the file for too long is waited for, but not for ever."""
    monkeypatch.setattr("twisted_kong.db.strategies.sqlite.connection.BUSY_SECONDS", 0.05)
    path = tmp_path / "kong.db"
    await a_good_file(path)
    database = database_on(path)
    await database.start()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    error = await refusal(database.services.insert({"name": "two"}))
    assert error.message.startswith(f"the database file {path} has been locked by another process for")
    assert isinstance(error, DatabaseUnavailable)
    assert await database.services.select_by("name", "one") is not None
    other.execute("rollback")
    other.close()
    await database.services.insert({"name": "two"})
    await database.stop()


async def test_reading_while_a_write_waits(tmp_path: Path) -> None:
    """A write that waits for another process keeps no read waiting: requests and polls go on."""
    path = tmp_path / "kong.db"
    await a_good_file(path)
    database = database_on(path)
    await database.start()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    write = Deferred.fromCoroutine(database.services.insert({"name": "two"}))
    try:
        assert await database.services.select_by("name", "one") is not None
        assert (await database.log.changes_after(await database.log.head())).continuous
        assert not write.called
    finally:
        other.execute("rollback")
        other.close()
    written = await write
    assert await database.services.select_by("name", "two") == written.entity
    await database.stop()


def test_our_mark() -> None:
    """The file bears our mark, by which it is told from other programs' files."""
    assert int.from_bytes(b"KONG", "big") == APPLICATION_ID


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_goes_away(tmp_path: Path, replaced: bool) -> None:
    """When the file is removed or replaced under a running node, nothing more is acknowledged."""
    path = tmp_path / "kong.db"
    database = database_on(path)
    await database.start()
    for each in tmp_path.iterdir():
        each.rename(each.with_name(f"old-{each.name}"))
    if replaced:
        await a_good_file(path)
    error = await refusal(database.services.insert({"name": "lost"}))
    assert error.message == (
        f"the database file {path} was removed or replaced while in use: restart to use the new one"
    )
    await refusal(database.log.head())
    await database.stop()


async def test_stopping_after_the_file_was_replaced(tmp_path: Path) -> None:
    """A node that ends leaves the write-ahead log of a file that took its own file's place alone."""
    path = tmp_path / "kong.db"
    old = database_on(path)
    await old.start()
    for each in tmp_path.iterdir():
        each.rename(each.with_name(f"old-{each.name}"))
    new = database_on(path)
    await new.start()
    await new.services.insert({"name": "kept"})
    log = path.with_name("kong.db-wal")
    before = log.stat().st_ino
    await old.stop()
    assert log.stat().st_ino == before
    await new.services.insert({"name": "kept too"})
    await new.stop()
    again = database_on(path)
    await again.start()
    assert len((await again.services.page()).rows) == 2
    await again.stop()
