"""``python -m bench.consumers CONF COUNT``: Consumers with a key each, for a node that does not run yet.

Consumer n has the username ``consumer-n``, the key ``key-n``, the tags ``all`` and ``group-n`` (of a thousand
groups), and an id that follows from n.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from bench.populate import commit
from twisted_kong.cli.datastore import datastore
from twisted_kong.cli.opened import over_database
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Write

GROUPS = 1_000


def id_of(number: int) -> str:
    """The id of a Consumer."""
    return str(UUID(hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()))


def new_consumers(database: Database, count: int) -> Iterator[Write]:
    """The writes that make ``count`` Consumers, each with its key."""
    context = database.write_context()
    consumers, keys = database["consumers"], database["keyauth_credentials"]
    for number in range(count):
        tags = ["all", f"group-{number % GROUPS}"]
        consumer = {"id": id_of(number), "username": f"consumer-{number}", "tags": tags}
        key = {"key": f"key-{number}", "consumer": {"id": id_of(number)}}
        for dao, record in ((consumers, consumer), (keys, key)):
            entity = dao.schema.process_insert(record, context)
            yield Write(dao.table.name, "insert", dao.table.key_of(entity), entity)


def main(conf_file: str, count: int) -> None:
    """Make the database that a configuration names, and fill it."""
    conf = load_conf(Sources(Path(conf_file).read_text(), conf_file)).conf
    if conf.database == "postgres":
        datastore(conf).migrate()

    async def fill(database: Database) -> None:
        await commit(database, new_consumers(database, count))

    over_database(conf, fill)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
