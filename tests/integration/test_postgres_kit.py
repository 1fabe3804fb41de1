"""The servers that the tests make: what they are asked to do, they do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psycopg2
import pytest

from tests.kit.postgres import new_server, programs, requires_postgres, shared_server
from tests.kit.waiting import wait_for

pytestmark = [pytest.mark.integration, requires_postgres]


def test_owner_of_a_fresh_database_comes_in_by_password() -> None:
    """A fresh database is empty, takes its owner with the right password and refuses a wrong one."""
    database = shared_server().fresh_database()
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("create table t (n integer)")
            cursor.execute("select current_user, current_database(), current_setting('fsync')")
            assert cursor.fetchone() == ("kong", database.name, "on")
    finally:
        connection.close()
    assert database.query("select count(*) from t") == [(0,)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        database.connect(password="wrong")


def test_server_stops_dies_and_comes_back() -> None:
    """A server that was stopped, paused or killed keeps what was committed."""
    with new_server() as server:
        database = server.fresh_database()
        database.query("create table t (n integer)")
        server.restart()
        database.query("insert into t values (1)")
        server.kill9()
        assert not server.answers()
        server.start()
        assert database.query("select n from t") == [(1,)]

        server.pause()
        try:
            # It stops in its own time.
            assert wait_for(lambda: state_of(server.pid) == "T")
        finally:
            server.resume()
        assert wait_for(server.answers)


def state_of(pid: int) -> str:
    """What the system says of a process: ``T`` for a stopped one."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_replica_follows_lags_and_is_promoted() -> None:
    """A replica shows what the primary has, later where it is told to, and can become a primary."""
    with new_server() as server:
        database = server.fresh_database()
        database.query("create table t (n integer)")
        replica = server.make_replica()
        late = server.make_replica(delay="1h")
        database.query("insert into t values (1)")
        replica.wait_replayed(server)
        assert database.on(replica).query("select n from t") == [(1,)]
        assert database.on(late).query("select n from t") == []
        server.kill9()
        replica.promote()
        database.on(replica).query("insert into t values (2)")


def test_nothing_is_left_behind() -> None:
    """A closed server has neither processes nor files; it starts in a short time and not as root."""
    began = time.monotonic()
    with new_server() as server:
        assert time.monotonic() - began < 20
        pid, directory = server.pid, server.directory
        assert programs() is not None
        assert os.geteuid() != 0 or os.stat(f"/proc/{pid}").st_uid != 0
    assert not directory.exists()
    assert not Path(f"/proc/{pid}").exists()
