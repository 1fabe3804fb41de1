"""Several processes on one database file, some of them killed in the middle of a write."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.sqlite.migrations import STEPS
from twisted_kong.db.tables import tags_of

pytestmark = [pytest.mark.integration, pytest.mark.sqlite]

ROOT = Path(__file__).parents[2]
TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)


class Writer:
    """A process that writes, and what it said was acknowledged."""

    def __init__(self, path: Path, instance: str, count: int = 0) -> None:
        command = [sys.executable, "-m", "tests.integration.sqlite_writer", str(path), instance, str(count)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self._lines = self.process.stdout
        self.workspace = ""
        self.acknowledged: list[str] = []

    def read(self, count: int) -> None:
        """Wait until it has said this much more."""
        for line in self._lines:
            self._take(line)
            count -= 1
            if count <= 0:
                return

    def end(self, *, kill: bool) -> None:
        """Kill it, or let it end, and take the rest of what it said."""
        if kill:
            self.process.send_signal(signal.SIGKILL)
        # the last line may be cut: what was not said in full was not acknowledged
        for line in self._lines:
            if line.endswith("\n"):
                self._take(line)
        self._lines.close()
        code = self.process.wait(60)
        assert code == (-signal.SIGKILL if kill else 0)

    def _take(self, line: str) -> None:
        if self.workspace:
            self.acknowledged.append(line.strip())
        else:
            self.workspace = line.strip()


@pytest.fixture
def writers() -> Iterator[list[Writer]]:
    """Writers that are killed at the end of the test, should they still run."""
    made: list[Writer] = []
    yield made
    for writer in made:
        if writer.process.poll() is None:
            writer.process.kill()
            writer.process.wait()
        writer._lines.close()


def logged(connection: sqlite3.Connection) -> list[str]:
    """The whole log, as the writers tell of it; its numbers must be without gaps."""
    rows = connection.execute(
        "select number, tag, kind, operation, id from changes order by number"
    ).fetchall()
    assert [row[0] for row in rows] == list(range(len(rows)))
    return [f"{number}-{tag} {kind} {operation} {key}" for number, tag, kind, operation, key in rows[1:]]


def alive_by_log(lines: list[str]) -> set[tuple[str, str]]:
    """Which entities there are if the log is right: each is made before it changes, and goes once."""
    alive: set[tuple[str, str]] = set()
    for line in lines:
        _, kind, operation, key = line.split()
        assert ((kind, key) in alive) == (operation != "create"), line
        if operation == "create":
            alive.add((kind, key))
        elif operation == "delete":
            alive.remove((kind, key))
    return alive


def check_indexes(connection: sqlite3.Connection) -> None:
    """What finds entities must be just what their documents give, and every reference must lead somewhere."""
    uniques, references, tags = set(), set(), set()
    ids = set(connection.execute("select kind, id from entities"))
    for kind, key, document in connection.execute("select kind, id, document from entities"):
        entity, table = json.loads(document), TABLES[kind]
        for unique in table.uniques:
            if (value := unique.value_of(entity)) is not None:
                uniques.add((kind, ",".join(unique.fields), value, key))
        for reference in table.references:
            if (parent := reference.parent_of(entity)) is not None:
                references.add((kind, reference.field, parent, key))
                assert (reference.parent, parent) in ids
        tags |= {(key, ordinal, kind, tag) for ordinal, tag in enumerate(tags_of(entity), 1)}
    assert set(connection.execute("select * from unique_values")) == uniques
    assert set(connection.execute("select * from foreign_keys")) == references
    assert set(connection.execute("select * from tags")) == tags


def check(path: Path, acknowledged: list[str]) -> None:
    """Nothing acknowledged is lost, and log and entities tell the same story."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        lines = logged(connection)
        assert [line for line in acknowledged if line.startswith("failed")] == []
        assert set(acknowledged) <= set(lines)
        assert alive_by_log(lines) == set(connection.execute("select kind, id from entities"))
        check_indexes(connection)
    finally:
        connection.close()


def test_killed_writers_lose_nothing(tmp_path: Path, writers: list[Writer]) -> None:
    """With three processes writing and killed one after the other, no acknowledged write is lost, and the log
    is without gaps and tells of each entity's coming and going."""
    path = tmp_path / "kong.db"
    running = [Writer(path, f"writer-{number}") for number in range(3)]
    writers += running
    for number in range(3, 9):
        for writer in running:
            writer.read(15)
        running.pop(0).end(kill=True)
        running.append(Writer(path, f"writer-{number}"))
        writers.append(running[-1])
    for writer in running:
        writer.read(15)
        writer.end(kill=True)
    acknowledged = [line for writer in writers for line in writer.acknowledged]
    assert len(acknowledged) >= 15 * 18
    check(path, acknowledged)


def test_processes_that_start_together(tmp_path: Path, writers: list[Writer]) -> None:
    """Of several processes that find no file each step of the layout is run by one, and they agree on the
    default workspace."""
    path = tmp_path / "kong.db"
    writers += [Writer(path, f"writer-{number}", 20) for number in range(4)]
    for writer in writers:
        writer.end(kill=False)
    assert len({writer.workspace for writer in writers}) == 1
    check(path, [line for writer in writers for line in writer.acknowledged])
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("select count(*) from migrations").fetchone() == (len(STEPS),)
        found = connection.execute("select count(*) from entities where kind = 'workspaces'").fetchone()
        assert found == (1,)
    finally:
        connection.close()


def test_the_file_is_its_owners(tmp_path: Path, writers: list[Writer]) -> None:
    """The file and its write-ahead log can be read by their owner only: they hold credentials."""
    path = tmp_path / "kong.db"
    writers.append(Writer(path, "writer"))
    writers[0].read(3)
    modes = {entry.name: os.stat(entry).st_mode & 0o777 for entry in tmp_path.iterdir()}
    writers[0].end(kill=True)
    assert modes == dict.fromkeys(("kong.db", "kong.db-shm", "kong.db-wal"), 0o600)
