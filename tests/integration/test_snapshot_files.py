"""Snapshot files on a real disk: written, read, refused, and what is left when their writer is killed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from tests.kit.last_good import IDENTITY
from tests.kit.site import ROOT
from tests.kit.small_kinds import SmallKinds
from tests.kit.stores import MemoryStore, MovableClock, small_database
from tests.kit.write_context import write_context
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Selection
from twisted_kong.db.last_good.files import Place, Refused
from twisted_kong.db.last_good.standby import SnapshotStrategy
from twisted_kong.db.last_good.writer import SnapshotWriter
from twisted_kong.db.schemas import tables_of

pytestmark = pytest.mark.integration

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)


@pytest.fixture
def clock() -> MovableClock:
    from twisted.internet import reactor

    return MovableClock(reactor)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.cache"


@pytest_twisted.async_yield_fixture
async def snapshot(path: Path, clock: MovableClock) -> AsyncIterator[Database]:
    """A database with some rows of which a snapshot was made; the snapshot is closed."""
    database = small_database(MemoryStore().handle(clock), clock)
    await database.start()
    service = (await database["services"].insert({"name": "s", "tags": ["a"]})).entity
    assert service is not None
    await database["routes"].insert({"name": "r", "service": {"id": service["id"]}})
    await write(database, path, clock)
    yield database
    await database.stop()


async def write(database: Database, path: Path, clock: Any, identity: str = IDENTITY) -> None:
    """Copy a database to a snapshot file."""
    writer, source = SnapshotWriter(Place(path, identity), clock), database.strategy
    await writer.open(TABLES)
    await writer.begin()
    await writer.clear()
    for table in TABLES.values():
        rows = (await source.page(table, 1000, None, Selection())).rows
        await writer.take([(table, table.key_of(row.entity), row) for row in rows])
    await writer.commit(str(await source.head()), clock.seconds())
    await writer.close()


async def refusal(path: Path, clock: Any, *, identity: str = IDENTITY, max_age: float = 0.0) -> str:
    """Why no node would start from a file."""
    standby = SnapshotStrategy(Place(path, identity), clock, max_age)
    with pytest.raises(Refused) as refused:
        await standby.start(TABLES)
    await standby.stop()
    assert "\n" not in refused.value.message
    return refused.value.message


async def test_what_was_written_is_read(snapshot: Database, path: Path, clock: MovableClock) -> None:
    """Rows by key and by name, pages and tags, as from the database; and nothing can be written."""
    assert path.stat().st_mode & 0o777 == 0o600
    standby = SnapshotStrategy(Place(path, IDENTITY), clock, 3600)
    copy = small_database(standby, clock)
    await copy.start()
    for kind in ("services", "routes"):
        for descending in (False, True):
            there = await snapshot[kind].page(descending=descending)
            assert await copy[kind].page(descending=descending) == there
    assert await copy["routes"].select_by("name", "r") == await snapshot["routes"].select_by("name", "r")
    assert [row["tag"] for row in (await copy.tags_page()).rows] == ["a"]
    assert await standby.head() == await snapshot.log.head()
    with pytest.raises(DatabaseUnavailable):
        await copy["services"].insert({"name": "new"})
    with pytest.raises(DatabaseUnavailable):
        await standby.ping()
    await copy.stop()


async def test_a_snapshot_that_others_can_read_is_refused(
    snapshot: Database, path: Path, clock: MovableClock
) -> None:
    """It holds credentials; it is made anew when there is a database."""
    path.chmod(0o640)
    assert await refusal(path, clock) == f"{path} is open to others than its owner (mode 0640)"
    await write(snapshot, path, clock)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_snapshot_of_another_user_is_refused(
    snapshot: Database, path: Path, clock: MovableClock
) -> None:
    """Whoever can write the directory could else have the node serve what they like."""
    os.chown(path, 12345, 12345)
    assert await refusal(path, clock) == f"{path} belongs to another user"


async def test_a_snapshot_of_another_database_is_refused(
    snapshot: Database, path: Path, clock: MovableClock
) -> None:
    """Whoever points a node at another database does not want what the old one held."""
    assert (
        await refusal(path, clock, identity="another one")
        == f"{path} is a copy of another database: {IDENTITY}"
    )
    await write(snapshot, path, clock, identity="another one")
    assert "another database: another one" in await refusal(path, clock)


async def test_a_snapshot_that_is_too_old_is_refused(
    snapshot: Database, path: Path, clock: MovableClock
) -> None:
    """Its age is that of the last look that found it current."""
    clock.advance(3 * 3600)
    assert "by 2.0 hours" in await refusal(path, clock, max_age=3600.0)
    standby = SnapshotStrategy(Place(path, IDENTITY), clock, 4 * 3600)
    await standby.start(TABLES)
    await standby.stop()


async def test_a_snapshot_of_another_version_is_refused(
    snapshot: Database, path: Path, clock: MovableClock
) -> None:
    """What stands beside the rows may be missing; a later version's file is not understood at all."""
    for damage in ("update kinds set layout = '{}' where name = 'services'", "delete from migrations"):
        copy = path.with_name("copy")
        shutil.copy(path, copy)
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(damage)
        assert "was written by another version, or with other plugins" in await refusal(copy, clock)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("insert into migrations values ('9999_of_tomorrow', '')")
    assert "was used by a later version" in await refusal(path, clock)


async def test_a_snapshot_that_was_never_completed_is_refused(path: Path, clock: MovableClock) -> None:
    """A database that has only been begun to be copied is no state it was ever in."""
    writer = SnapshotWriter(Place(path, IDENTITY), clock)
    await writer.open(TABLES)
    await writer.begin()
    await writer.close()
    assert await refusal(path, clock) == f"{path} was never completed"


async def test_what_has_ended_takes_up_no_room(snapshot: Database, path: Path, clock: MovableClock) -> None:
    """Rows whose time has been over for an hour are gone after the next commit, and the file is whole."""
    consumer = (await snapshot["consumers"].insert({"username": "c"})).entity
    assert consumer is not None
    await snapshot["keyauth_credentials"].insert({"consumer": {"id": consumer["id"]}, "key": "k"}, ttl=5)
    await write(snapshot, path, clock)

    async def commit_later(seconds: float) -> int:
        clock.advance(seconds)
        writer = SnapshotWriter(Place(path, IDENTITY), clock)
        await writer.open(TABLES)
        await writer.begin()
        await writer.commit(str(await snapshot.log.head()), clock.seconds())
        await writer.close()
        with closing(sqlite3.connect(path)) as connection:
            query = "select count(*) from unique_values where kind = 'keyauth_credentials'"
            (count,) = connection.execute(query).fetchone()
        return int(count)

    assert (await commit_later(60), await commit_later(3600)) == (1, 0)
    standby = SnapshotStrategy(Place(path, IDENTITY), clock, 3600)
    await standby.start(TABLES)
    await standby.stop()


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


def flip(path: Path) -> None:
    """One bit in a document."""
    content = bytearray(path.read_bytes())
    content[content.rindex(b'"name":"s"') + 8] ^= 1
    path.write_bytes(content)


def replace(path: Path) -> None:
    path.write_text("no database at all")


@pytest.mark.parametrize("damage", [cut_off, overwrite, flip])
async def test_a_damaged_snapshot_is_refused_and_made_anew(
    snapshot: Database, path: Path, clock: MovableClock, damage: Callable[[Path], None]
) -> None:
    """Whatever has become of its bytes; as soon as there is a database it is whole again."""
    damage(path)
    assert "damaged" in await refusal(path, clock)
    await write(snapshot, path, clock)
    standby = SnapshotStrategy(Place(path, IDENTITY), clock, 0)
    await standby.start(TABLES)
    await standby.stop()


async def test_a_file_that_fails_is_made_anew(snapshot: Database, path: Path, clock: MovableClock) -> None:
    """Damage that shows only when it is written costs one try, and never every one from then on."""
    writer = SnapshotWriter(Place(path, IDENTITY), clock)
    assert await writer.open(TABLES) is not None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("delete from entities where kind = 'services'")
    (service,) = (await snapshot.strategy.page(TABLES["services"], 1, None, Selection())).rows
    await writer.begin()
    with pytest.raises(DatabaseError):
        await writer.take([(TABLES["services"], service.entity["id"], service)])
    await writer.close()
    assert await writer.open(TABLES) is None
    await writer.close()


async def test_a_file_of_somebody_else_is_left_alone(
    snapshot: Database, path: Path, clock: MovableClock
) -> None:
    """A path that leads to something else is a mistake, which must not cost that file."""
    replace(path)
    path.chmod(0o600)
    assert "is not a database" in await refusal(path, clock)
    with pytest.raises(Refused, match="is left alone"):
        await write(snapshot, path, clock)
    assert path.read_text() == "no database at all"


async def test_where_nothing_can_be_written(snapshot: Database, clock: MovableClock, tmp_path: Path) -> None:
    """A missing directory is an error of the snapshot's, in one line."""
    with pytest.raises(DatabaseUnavailable, match="there is no directory"):
        await write(snapshot, tmp_path / "nowhere" / "config.cache", clock)


WRITER = """
import sys
from pathlib import Path
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from tests.integration.test_snapshot_files import TABLES, IDENTITY
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.last_good.files import Place
from twisted_kong.db.last_good.writer import SnapshotWriter

async def work():
    writer = SnapshotWriter(Place(Path(sys.argv[1]), IDENTITY), reactor)
    await writer.open(TABLES)
    services, number = TABLES["services"], 0
    while True:
        number += 1
        await writer.begin()
        rows = []
        for key in range(200):
            entity = {"id": str(key), "name": f"{key} of {number}", "tags": ["a"]}
            rows.append((services, str(key), Stored(entity, encode(entity))))
        await writer.take(rows)
        await writer.commit(f"{number}-00c0ffee", reactor.seconds())
        print(number, flush=True)

Deferred.fromCoroutine(work())
reactor.run()
"""


async def test_a_writer_that_is_killed_leaves_a_whole_snapshot(path: Path, clock: MovableClock) -> None:
    """kill -9 in the midst of writing, again and again: what is left is a state that was committed."""
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(10):
            last = process.stdout.readline()
        process.kill()
        process.wait()
        rest = process.stdout.read().split()
        process.stdout.close()
        acknowledged = int(rest[-1] if rest else last)
        standby = SnapshotStrategy(Place(path, IDENTITY), clock, 0)
        await standby.start(TABLES)
        number = int(str(await standby.head()).partition("-")[0])
        assert number in (acknowledged, acknowledged + 1)
        row = await standby.select(TABLES["services"], "7")
        assert row is not None
        assert row.entity["name"] == f"7 of {number}"
        await standby.stop()
