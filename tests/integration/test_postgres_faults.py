"""A busy pool while its server is stopped, killed, restarted and cut off, on each reactor.

Whatever happens, the reactor goes on, every statement ends, and what was confirmed is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.kit.pool_load import TABLE, Load, Report
from tests.kit.postgres import PASSWORD, USER, PostgresDatabase, PostgresServer, new_server, requires_postgres
from tests.kit.tcp_proxy import TcpProxy, tcp_proxy

pytestmark = [pytest.mark.integration, requires_postgres]

# Seconds: what the reactor may be held for while PostgreSQL does not answer.
LONGEST_STALL = 0.05
TIMEOUT = 1.0
ACQUIRE = 2.0
SIZE = 10


@contextmanager
def loaded(
    directory: Path, reactor: str, *, through_proxy: bool = False
) -> Iterator[tuple[PostgresDatabase, TcpProxy, Load]]:
    """A server, a proxy before it, and a process that keeps a pool busy."""
    with new_server() as server, tcp_proxy(server.port, postgres=True) as proxy:
        database = server.fresh_database()
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(TABLE)
        load = Load(
            directory,
            reactor,
            hosts=[("127.0.0.1", proxy.port if through_proxy else server.port)],
            database=database.name,
            user=USER,
            password=PASSWORD,
            timeout=TIMEOUT,
            acquire_timeout=ACQUIRE,
            pool_size=SIZE,
        )
        try:
            load.wait(200)
            yield database, proxy, load
        finally:
            load.kill()


def check(database: PostgresDatabase, report: Report) -> None:
    """Nothing that was confirmed is lost, what was not is accounted for, and nothing is left over."""
    rows = {number for (number,) in database.query("select n from pool_load")}
    confirmed = set(report.confirmed)
    assert confirmed <= rows
    assert len(rows - confirmed) <= report.errors.get("OutcomeUnknown", 0)
    assert set(report.errors) <= {"NoAnswer", "DatabaseUnavailable", "OutcomeUnknown"}, report.last_error
    assert report.most <= SIZE
    assert report.left == 0
    assert report.held < LONGEST_STALL
    # a wait, two connections and two messages, at the very most
    assert report.slowest < ACQUIRE + 4 * TIMEOUT


def pause(server: PostgresServer) -> None:
    """Stop all of its processes for longer than any deadline."""
    server.pause()
    time.sleep(3 * TIMEOUT)
    server.resume()


def kill(server: PostgresServer) -> None:
    """Let it die, and come back after a while."""
    server.kill9()
    time.sleep(0.5)
    server.start()


@pytest.mark.parametrize("reactor", ["lean", "epoll", "asyncio"])
@pytest.mark.parametrize("fault", [pause, kill, PostgresServer.restart])
def test_the_server_is_away_for_a_while(
    tmp_path: Path, reactor: str, fault: Callable[[PostgresServer], object]
) -> None:
    """The reactor is never held, and all goes on when it is back, listening included."""
    with loaded(tmp_path, reactor) as (database, _, load):
        fault(database.server)
        load.wait(200)
        time.sleep(2.0)
        report = load.stop()
        check(database, report)
        assert report.listened == (1 if fault is pause else 2)


@pytest.mark.parametrize("reactor", ["lean", "asyncio"])
def test_stops_while_the_server_does_not_answer(tmp_path: Path, reactor: str) -> None:
    """Closing a pool full of unanswered queries takes no longer than they may, and holds nothing."""
    with loaded(tmp_path, reactor) as (database, _, load):
        database.server.pause()
        try:
            time.sleep(0.3)
            begun = time.monotonic()
            report = load.stop()
            assert time.monotonic() - begun < 2 * TIMEOUT + 1.0
        finally:
            database.server.resume()
        check(database, report)


def test_the_network_fails(tmp_path: Path) -> None:
    """Cut, swallowed and refused connections are errors for whoever uses them, and for a while only."""
    with loaded(tmp_path, "lean", through_proxy=True) as (database, proxy, load):
        for _ in range(5):
            proxy.cut()
            load.wait(50)
        proxy.swallow()
        time.sleep(2 * TIMEOUT)
        proxy.cut()
        proxy.heal()
        load.wait(50)
        proxy.cut(refuse=True)
        time.sleep(1.0)
        proxy.heal()
        load.wait(50)
        check(database, load.stop())
