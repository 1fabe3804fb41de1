"""What requests feel, and the database, when all that a busy node has cached must be read again.

``python -m tests.chaos.dog_pile`` starts a PostgreSQL server and a node, fills the cache with credentials,
sends it a steady load by wrk with a random key each, and in the midst of it either empties the cache softly
(``DELETE /cache``), or makes the node doubt what it has (its place in the log is changed under it).
It says how long the longest request has waited, and how much the database was asked at a time.
"""

# ruff: noqa: T201 -- it is a command

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from tests.kit.ports import free_port
from tests.kit.postgres import PASSWORD, USER, PostgresDatabase, conf_lines, new_server
from tests.kit.site import Site, new_site
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.interfaces import Commit, Write
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.store import PostgresStrategy
from twisted_kong.pdk.loader import load_plugins

READS = 8
BATCH = 250
CONNECTIONS = 50
LUA = """
local keys, pause = %d, %g
math.randomseed(os.time())
request = function()
  return wrk.format("GET", "/", {["apikey"] = "key-" .. math.random(0, keys - 1)})
end
delay = function() return pause end
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %%d, "seconds": %%.2f, "failed": %%d,' ..
    ' "p50": %%.1f, "p99": %%.1f, "p999": %%.1f, "max": %%.1f}\\n',
    summary.requests, summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
    latency.max / 1e3))
end
"""


@dataclass
class Seen:
    """The most that was seen at any one time."""

    connections: int = 0
    queries: int = 0
    reads: int = 0
    waiting: int = 0
    refills: int = 0
    samples: int = 0


def main() -> None:
    """Do it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=2_000, help="requests per second at most")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--blows", default="none,soft,doubt")
    parser.add_argument("--populate", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.populate is not None:
        port, name, keys = options.populate.split()
        react(lambda reactor: Deferred.fromCoroutine(_add_rows(reactor, int(port), name, int(keys))))
        return
    with (
        tempfile.TemporaryDirectory() as directory,
        new_server() as server,
        new_site(Path(directory)) as site,
    ):
        database, status_port = server.fresh_database(), free_port()
        prepare(site, database, status_port, options.keys)
        for blow in options.blows.split(","):
            with sampled(database, site, status_port) as seen:
                result = under_load(site, database, blow, options)
            print(f"{blow}: {json.dumps(result)} most at a time: {seen}", flush=True)


def prepare(site: Site, database: PostgresDatabase, status_port: int, keys: int) -> None:
    """A node that answers by itself whoever has a key, with all keys in its cache."""
    settings = {
        **database.settings,
        "status_listen": f"127.0.0.1:{status_port}",
        "db_cache_warmup_entities": "consumers, keyauth_credentials",
        "db_cache_refill_concurrency": str(READS),
        "db_update_frequency": "1",
        "config_cache_path": "off",
    }
    site.configure(conf_lines(settings))
    assert site.kong("migrations", "bootstrap", "-c", str(site.conf)).returncode == 0
    populate(database, keys)
    site.serve()
    site.admin("POST", "/routes", {"name": "all", "paths": ["/"]})
    site.admin("POST", "/routes/all/plugins", {"name": "key-auth"})
    answer = {"status_code": 200, "message": "ok"}
    site.admin("POST", "/routes/all/plugins", {"name": "request-termination", "config": answer})
    assert site.proxy("/?apikey=key-1").status == 200


@contextmanager
def sampled(database: PostgresDatabase, site: Site, status_port: int) -> Iterator[Seen]:
    """Look again and again at what goes on, beside the block."""
    seen, over = Seen(), threading.Event()

    def look() -> None:
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            while not over.wait(0.02):
                cursor.execute(
                    "select count(*), count(*) filter (where state = 'active') from pg_stat_activity"
                    " where application_name = 'twisted_kong'"
                )
                connections, queries = cursor.fetchone()
                seen.connections = max(seen.connections, connections)
                seen.queries = max(seen.queries, queries)
                seen.samples += 1
                if seen.samples % 10 == 0:
                    _note(seen, site.ask(status_port, "GET", "/metrics").body.decode())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _note(seen: Seen, metrics: str) -> None:
    for state, count in re.findall(r'twisted_kong_cache_reads\{state="(\w+)"\} (\d+)', metrics):
        name = {"under_way": "reads", "waiting": "waiting", "refill": "refills"}[state]
        setattr(seen, name, max(getattr(seen, name), int(count)))


def under_load(site: Site, database: PostgresDatabase, blow: str, options: argparse.Namespace) -> Any:
    """What wrk has counted; times in milliseconds."""
    script = site.directory / "load.lua"
    script.write_text(LUA % (options.keys, 1000 * CONNECTIONS / options.rate))
    wrk = subprocess.Popen(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{options.seconds}s", "-s", script,
         f"http://127.0.0.1:{site.port}"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    time.sleep(options.seconds / 3)
    strike(site, database, blow)
    output, _ = wrk.communicate()
    (found,) = re.findall("RESULT (.*)", output)
    return json.loads(found)


def strike(site: Site, database: PostgresDatabase, blow: str) -> None:
    """Have everything read again: softly, or since the node's place in the log has another tag."""
    if blow == "soft":
        assert site.admin("DELETE", "/cache").status == 204
    elif blow == "doubt":
        database.query("update changes set tag = 'd00bf00d' where number = (select max(number) from changes)")


def populate(database: PostgresDatabase, keys: int) -> None:
    """Add Consumers with a key each, in a process of its own, since it needs a reactor."""
    module = [sys.executable, "-m", "tests.chaos.dog_pile", "--populate"]
    subprocess.run([*module, f"{database.server.port} {database.name} {keys}"], check=True)


async def _add_rows(reactor: Any, port: int, name: str, keys: int) -> None:
    settings = Settings((("127.0.0.1", port),), name, USER, PASSWORD)
    strategy = PostgresStrategy(settings, None, reactor, new_tag=lambda: uuid4().hex[:8])
    schemas = build_schemas(load_plugins(("bundled",)).definitions)
    ids = Ids(lambda: str(uuid4()), lambda: uuid4().hex, str(uuid4()))
    database = Database(strategy, schemas, reactor, ids)
    await database.start(migrate=False)
    for start in range(0, keys, BATCH):
        writes = [
            write
            for number in range(start, min(start + BATCH, keys))
            for write in _consumer_with_key(database, number)
        ]
        await strategy.apply(Commit(tuple(writes), "dog-pile", reactor.seconds()))
    await database.stop()


def _consumer_with_key(database: Database, number: int) -> Iterator[Write]:
    context = database.write_context()
    consumer = database["consumers"].schema.process_insert({"username": f"user-{number}"}, context)
    yield Write("consumers", "insert", consumer["id"], consumer)
    record = {"key": f"key-{number}", "consumer": {"id": consumer["id"]}}
    credential = database["keyauth_credentials"].schema.process_insert(record, context)
    yield Write("keyauth_credentials", "insert", credential["id"], credential)


if __name__ == "__main__":
    main()
