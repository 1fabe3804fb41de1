"""Writes a Service with many Routes into the database of a node that does not run yet.

Route n takes what begins with ``/route-n``, by an expression where the flavour of the node has them.
The Admin API would do, at one transaction a Route; here a thousand share one, through the same schemas and
the same strategy.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.interfaces import Commit, Write
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy

BATCH = 1_000


def new_routes(database: Database, service: str, count: int) -> Iterator[Write]:
    """The writes that make ``count`` Routes of a Service."""
    dao = database["routes"]
    context = database.write_context()
    for number in range(count):
        taken: dict[str, Any] = {"paths": [f"/route-{number}"]}
        if "expression" in dao.schema.fields:
            taken = {"expression": f'http.path ^= "/route-{number}/" && http.method == "GET"'}
        record = {"name": f"route-{number}", "service": {"id": service}, **taken}
        entity = dao.schema.process_insert(record, context)
        yield Write(dao.table.name, "insert", dao.table.key_of(entity), entity)


async def fill(database: Database, count: int, upstream: int) -> None:
    """Add the Service ``up`` and its Routes."""
    written = await database["services"].insert({"name": "up", "url": f"http://127.0.0.1:{upstream}"})
    assert written.entity is not None
    await commit(database, new_routes(database, written.entity["id"], count))


async def commit(database: Database, writes: Iterator[Write]) -> None:
    """Write a thousand in one transaction."""
    while batch := tuple(islice(writes, BATCH)):
        await database.strategy.apply(Commit(batch, "bench", database.write_context().now))


async def populate(clock: Any, conf_file: Path, count: int, upstream: int) -> None:
    """Open the database that ``conf_file`` names, fill it, close it."""
    conf = load_conf(Sources(conf_file.read_text(), str(conf_file))).conf
    path = Path(conf.sqlite_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = Ids(lambda: str(uuid4()), lambda: uuid4().hex, str(uuid4()))
    database = Database(
        SqliteStrategy(path, clock), build_schemas(router_flavor=conf.router_flavor), clock, ids
    )
    await database.start()
    try:
        await fill(database, count, upstream)
    finally:
        await database.stop()


def main(clock: Any, conf_file: str, count: str, upstream: str) -> Deferred[None]:
    """Entry point for ``react``."""
    return Deferred.fromCoroutine(populate(clock, Path(conf_file), int(count), int(upstream)))


if __name__ == "__main__":
    react(main, sys.argv[1:])
