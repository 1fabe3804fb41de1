"""A process of its own that writes into a database file until it is killed.

``python sqlite_writer.py FILE INSTANCE COUNT``: COUNT 0 goes on for ever.
It prints the id of the default workspace, and then a line for each change as soon as that is acknowledged.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from twisted.internet import task
from twisted.internet.defer import Deferred

from tests.kit.small_kinds import SmallKinds
from twisted_kong.core.errors import EntityError
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy


def tell(text: str) -> None:
    """Print a line at once, past all buffers: it must not outrun or lag behind the acknowledgement."""
    os.write(1, f"{text}\n".encode())


def tell_written(written: Written) -> None:
    """Print what was acknowledged."""
    for change in written.changes:
        tell(f"{change.position} {change.entity} {change.operation} {change.id}")


async def write_one(database: Database, chance: random.Random) -> Written:
    """Some write or other: rows come, change, are contended for by name, and go in cascades."""
    name = f"name{chance.randrange(8)}"
    choice = chance.randrange(5)
    if choice == 0:
        return await database.consumers.upsert_by("username", name, {"tags": [name, "all"]})
    if choice == 1:
        return await database.consumers.delete_by("username", name)
    if choice == 2:
        return await database.keyauth_credentials.insert({"consumer": {"username": name}, "tags": [name]})
    if choice == 3:
        return await database.consumers.update_by("username", name, {"custom_id": name})
    return await database.services.upsert_by("name", name, {"port": chance.randrange(1000)})


async def write(reactor: Any, path: Path, instance: str, count: int) -> None:
    """Write until killed, or a number of times."""
    chance = random.Random(instance)
    ids = Ids(
        lambda: str(UUID(int=chance.getrandbits(128), version=4)), lambda: f"{chance.random()}", instance
    )
    database = Database(SqliteStrategy(path, reactor), SmallKinds(), reactor, ids)
    await database.start()
    tell(database.workspace)
    done = 0
    while not count or done < count:
        try:
            tell_written(await write_one(database, chance))
        except EntityError as refusal:
            if refusal.code == 8:
                tell(f"failed {refusal}")
        done += 1
    await database.stop()


if __name__ == "__main__":
    task.react(
        lambda reactor: Deferred.fromCoroutine(
            write(reactor, Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
        )
    )
