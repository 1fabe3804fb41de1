"""``python -m bench.admin``: how fast the Admin API is, and whether that depends on how much there is.

A node process over each database, alone on the first core; the client and the database server have the last.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.asking import Asked, ask, encode
from bench.cluster import PAGE, machine
from bench.consumers import GROUPS, id_of
from bench.measure import usage
from bench.node import START_SECONDS, command
from bench.process import Process, cores, free_port, run
from bench.report import Table, as_text, write_page
from bench.servers import ROOT
from tests.kit.postgres import MISSING, PostgresServer, conf_lines, programs

DATABASES = ("postgres", "sqlite")
SIZES = (1_000, 100_000)
FILL_SECONDS = 900.0
SETTLE_SECONDS = 3.0
CLIENTS = (1, 8)
MEMORY = "memory"
CONF = """
prefix = {prefix}
proxy_listen = 127.0.0.1:{proxy}
admin_listen = 127.0.0.1:{admin}
status_listen = off
admin_gui_listen = off
proxy_access_log = off
admin_access_log = off
"""

Requests = Iterator[bytes]
# Makes the requests of a measurement, given how many Consumers there are and what tells this measurement.
Maker = Callable[[int, str], Requests]


@dataclass
class Running:
    """A node that serves."""

    process: Process
    admin: int


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.admin", description=__doc__)
    parser.add_argument("--databases", default=",".join(DATABASES), help=f"of: {', '.join(DATABASES)}")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="how many Consumers there are")
    names = (*MAKERS, MEMORY)
    parser.add_argument("--only", default=",".join(names), help=f"with commas, of: {', '.join(names)}")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement (default 2)")
    parser.add_argument("--write", action="store_true", help=f"also put the tables into {PAGE.name}")
    found = parser.parse_args(arguments)
    found.databases, found.only = found.databases.split(","), found.only.split(",")
    unknown = {*found.databases} - {*DATABASES} | {*found.only} - {*names}
    if unknown:
        parser.error(f"no such database or measurement: {', '.join(sorted(unknown))}")
    found.sizes = [int(size) for size in found.sizes.split(",")]
    return found


def _any(count: int) -> Iterator[int]:
    chance = random.Random(1)
    return (chance.randrange(count) for _ in itertools.count())


def _every(count: int) -> Iterator[int]:
    """Each Consumer once, in no order."""
    numbers = list(range(count))
    random.Random(2).shuffle(numbers)
    return iter(numbers)


def _json(record: object) -> bytes:
    return json.dumps(record).encode()


def by_id(count: int, _: str) -> Requests:
    """A Consumer by its id."""
    return (encode("GET", f"/consumers/{id_of(number)}") for number in _any(count))


def by_name(count: int, _: str) -> Requests:
    """A Consumer by its username."""
    return (encode("GET", f"/consumers/consumer-{number}") for number in _any(count))


def by_key(count: int, _: str) -> Requests:
    """A credential by its key."""
    return (encode("GET", f"/key-auths/key-{number}") for number in _any(count))


def keys_of_one(count: int, _: str) -> Requests:
    """The credentials of one Consumer."""
    return (encode("GET", f"/consumers/consumer-{number}/key-auth") for number in _any(count))


def first_page(_: int, __: str) -> Requests:
    """The first hundred Consumers."""
    return itertools.repeat(encode("GET", "/consumers"))


def deep_page(count: int, _: str) -> Requests:
    """A hundred Consumers from somewhere in the midst."""
    for number in _any(count):
        after = json.dumps([id_of(number)], separators=(",", ":")).encode()
        yield encode("GET", f"/consumers?offset={base64.b64encode(after).decode().rstrip('=')}")


def common_tag(_: int, __: str) -> Requests:
    """The first hundred Consumers with a tag that all have."""
    return itertools.repeat(encode("GET", "/consumers?tags=all"))


def rare_tags(_: int, __: str) -> Requests:
    """A page of Consumers with one of a thousand tags."""
    return (encode("GET", f"/consumers?tags=group-{number}") for number in _any(GROUPS))


def both_tags(_: int, __: str) -> Requests:
    """A page of Consumers with two tags, one of which all have."""
    return (encode("GET", f"/consumers?tags=all,group-{number}") for number in _any(GROUPS))


def post(_: int, what: str) -> Requests:
    """A new Consumer."""
    for number in itertools.count():
        yield encode("POST", "/consumers", _json({"username": f"new-{what}-{number}", "tags": ["new"]}))


def post_key(count: int, what: str) -> Requests:
    """A further key of a Consumer."""
    for order, number in enumerate(_any(count)):
        path = f"/consumers/consumer-{number}/key-auth"
        yield encode("POST", path, _json({"key": f"more-{what}-{order}"}))


def put(_: int, what: str) -> Requests:
    """A Consumer by an id of the client's making, as decK writes it."""
    for number in itertools.count(1):
        where = f"/consumers/{id_of(-number - 1_000_000 * int(what))}"
        yield encode("PUT", where, _json({"username": f"put-{what}-{number}"}))


def patch(count: int, what: str) -> Requests:
    """Another custom_id of a Consumer."""
    for order, number in enumerate(_any(count)):
        yield encode("PATCH", f"/consumers/{id_of(number)}", _json({"custom_id": f"{what}-{order}"}))


def delete(count: int, what: str) -> Requests:
    """A Consumer with its keys; each measurement takes others."""
    half = CLIENTS.index(int(what)) if what.isdigit() else 0
    return (encode("DELETE", f"/consumers/{id_of(number)}") for number in _every(count) if number % 2 == half)


MAKERS: dict[str, Maker] = {
    "by id": by_id,
    "by name": by_name,
    "credential by key": by_key,
    "keys of one": keys_of_one,
    "first page": first_page,
    "deep page": deep_page,
    "common tag": common_tag,
    "rare tags": rare_tags,
    "both tags": both_tags,
    "post": post,
    "post key": post_key,
    "put": put,
    "patch": patch,
    "delete": delete,
}


class Places:
    """Where nodes run and what their databases are; everything is gone in the end."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._work = Path(tempfile.mkdtemp(prefix="kong-bench-"))
        stack.callback(shutil.rmtree, self._work, ignore_errors=True)
        self._server: PostgresServer | None = None

    def start(self, database: str, count: int) -> Running:
        """A node over a new database with so many Consumers."""
        folder = Path(tempfile.mkdtemp(dir=self._work))
        proxy, admin = free_port(), free_port()
        conf = folder / "kong.conf"
        text = CONF.format(prefix=folder / "prefix", proxy=proxy, admin=admin)
        conf.write_text(text + (self._postgres() if database == "postgres" else ""))
        fill = [sys.executable, "-m", "bench.consumers", str(conf), str(count)]
        run(fill, seconds=FILL_SECONDS, core=cores()[1], env={"PYTHONPATH": str(ROOT)})
        if self._server is not None:
            for name in self._server.query("select datname from pg_database where not datistemplate"):
                self._server.query("vacuum analyze", database=name[0])
        env = {"PYTHONPATH": str(ROOT)}
        process = Process(command(conf), core=cores()[0], log=folder / "output", env=env, cwd=folder)
        self._stack.callback(process.stop)
        process.wait_for_port(admin, START_SECONDS)
        process.wait_for_port(proxy, START_SECONDS)
        return Running(process, admin)

    def _postgres(self) -> str:
        if self._server is None:
            self._server = PostgresServer.create(shared_buffers="256MB")
            self._stack.callback(self._server.close)
        return conf_lines(self._server.fresh_database().settings)


def measure(node: Running, name: str, count: int, clients: int, seconds: float) -> tuple[Asked, float]:
    """One measurement; with it the node's CPU seconds for one request."""
    began = usage(node.process.pid).cpu
    asked = ask(node.admin, MAKERS[name](count, str(clients)), clients=clients, seconds=seconds)
    used = usage(node.process.pid).cpu - began
    if asked.failed:
        raise SystemExit(f"{name}: {len(asked.failed)} failed, {asked.failed[0][:400]!r}")
    return asked, used / len(asked.seconds)


def measure_all(places: Places, database: str, chosen: argparse.Namespace) -> Table:
    """Every kind of request, with few and with many Consumers."""
    rows: dict[tuple[str, int], list[str]] = {}
    nodes = {count: places.start(database, count) for count in chosen.sizes}
    # The sizes take turns, so that a slow moment of the machine meets each of them.
    for name, clients, count in itertools.product(chosen.only, CLIENTS, chosen.sizes):
        if name == MEMORY:
            continue
        asked, cpu = measure(nodes[count], name, count, clients, chosen.seconds)
        rate = len(asked.seconds) / asked.elapsed
        cells = (f"{rate:,.0f}", f"{cpu * 1e6:.0f}", f"{asked.percentile(0.99) * 1000:.1f}")
        rows.setdefault((name, clients), []).extend(cells)
        print(f"{database} {count:,} {name}, {clients} clients: {' '.join(cells)}", flush=True)
    for node in nodes.values():
        node.process.stop()
    columns = ("requests/s", "CPU µs", "p99 ms")
    return Table(
        f"admin on {database}",
        f"with {' and with '.join(f'{count:,}' for count in chosen.sizes)} Consumers, each with a key",
        ("what", "clients", *(f"{each}, {count:,}" for count in chosen.sizes for each in columns)),
        tuple((name, str(clients), *cells) for (name, clients), cells in rows.items()),
    )


def measure_memory(places: Places, chosen: argparse.Namespace) -> Table:
    """What a node takes that has nothing to do."""
    rows = []
    for database in chosen.databases:
        cells = []
        for count in (0, max(chosen.sizes)):
            node = places.start(database, count)
            time.sleep(SETTLE_SECONDS)
            cells.append(f"{usage(node.process.pid).rss / 2**20:.1f}")
            node.process.stop()
        rows.append((database, *cells))
    return Table(
        "admin memory",
        "MB of an idle node",
        ("database", "0 Consumers", f"{max(chosen.sizes):,} Consumers"),
        tuple(rows),
    )


def main() -> int:
    """Measure, print, write; 2 where there is no PostgreSQL."""
    chosen = options()
    if programs() is None and "postgres" in chosen.databases:
        print(MISSING, file=sys.stderr)
        return 2
    head = machine()
    print("\n".join(head), "\n", flush=True)
    with ExitStack() as stack:
        places = Places(stack)
        tables = [measure_all(places, database, chosen) for database in chosen.databases]
        if MEMORY in chosen.only:
            tables.append(measure_memory(places, chosen))
    for table in tables:
        print(as_text(table), "\n", flush=True)
    if chosen.write:
        write_page(PAGE, head, tables, "admin")
    return 0


if __name__ == "__main__":
    sys.exit(main())
