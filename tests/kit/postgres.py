"""PostgreSQL servers of the tests' own: real programs in a private directory, on loopback only."""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import psycopg2
import pytest

from tests.kit.ports import free_port
from tests.kit.waiting import PATIENCE, wait_for
from twisted_kong.db.strategies.postgres.settings import Settings

USER = "kong"
PASSWORD = "kong's secret"
MISSING = "no program of a PostgreSQL server found (apt-get install postgresql)"

StopMode = Literal["smart", "fast", "immediate"]
_STOP: dict[str, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
# A small server, quick to notice and to come back, as durable as a real one.
_SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 16MB
wal_keep_size = 256MB
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 100ms
hot_standby_feedback = on
"""
# Ends the server and removes its directory when the tests are over, in whatever way: then its input ends.
_GUARD = 'read -r _; kill -KILL "$(head -n 1 "$1/data/postmaster.pid")"; rm -rf "$1"'


@cache
def programs() -> Path | None:
    """The directory of PostgreSQL's programs: that of the ``initdb`` on PATH, or Debian's newest."""
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True
    )
    return next((path for path in candidates if (path / "postgres").exists()), None)


requires_postgres = pytest.mark.skipif(programs() is None, reason=MISSING)


@dataclass(frozen=True)
class PostgresDatabase:
    """An empty database whose owner is :data:`USER`, who may do nothing outside of it."""

    server: PostgresServer
    name: str

    @property
    def settings(self) -> dict[str, str]:
        """What kong.conf says of it."""
        return {
            "database": "postgres",
            "pg_host": "127.0.0.1",
            "pg_port": str(self.server.port),
            "pg_user": USER,
            "pg_password": PASSWORD,
            "pg_database": self.name,
        }

    def connect(self, user: str = USER, password: str = PASSWORD) -> Any:
        """A connection as the node makes it, in autocommit; the caller closes it."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.server.port, dbname=self.name, user=user, password=password
        )
        connection.autocommit = True
        return connection

    def query(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """What a statement returns, run as the superuser; nothing for one without a result."""
        return self.server.query(query, parameters, database=self.name)

    def on(self, server: PostgresServer) -> PostgresDatabase:
        """The same database as another server has it."""
        return PostgresDatabase(server, self.name)


class PostgresServer:
    """One server with a directory of its own, run as a user who is not root.

    :data:`USER` comes in by password over TCP at 127.0.0.1, the superuser ``postgres`` through the socket.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="kong-postgres-"))
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self._identity = _identity()
        self._give(self.directory, 0o700)
        self._process: subprocess.Popen[bytes] | None = None
        self._replicas: list[PostgresServer] = []
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", self.directory],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @classmethod
    def create(cls, **settings: str) -> PostgresServer:
        """A new server, started."""
        server = cls()
        try:
            server._run("initdb", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C",
                        "--auth-local=trust", "--auth-host=scram-sha-256", "-D", server.data)  # fmt: skip
            with (server.data / "postgresql.conf").open("a") as file:
                file.write(_SETTINGS)
            server.configure(**settings)
            server.start()
            server.query(f"create role {USER} login password %s", [PASSWORD])
        except BaseException:
            server.close()
            raise
        return server

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def log_text(self) -> str:
        """What the server has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def configure(self, **settings: str) -> None:
        """Set settings of postgresql.conf, for the next start or :meth:`reload`; the latest word counts."""
        own = {"port": str(self.port), "unix_socket_directories": str(self.directory)}
        lines = [f"{name} = '{value}'\n" for name, value in (own | settings).items()]
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(lines)

    def write(self, name: str, text: str) -> Path:
        """A file that only the server's user can read, as it wants its TLS key to be."""
        path = self.directory / name
        path.write_text(text)
        self._give(path, 0o600)
        return path

    def start(self) -> None:
        """Start it; returns when it answers."""
        assert self._process is None, "the server runs already"
        with self.log.open("ab") as log:
            self._process = process = self._spawn("postgres", "-D", self.data, output=log)
        wait_for(lambda: process.poll() is not None or self.answers())
        assert process.poll() is None, self.log_text

    def answers(self) -> bool:
        """Whether it answers the superuser now."""
        try:
            self.query("select 1")
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop it as ``pg_ctl stop`` does; returns when it has ended."""
        self.resume()
        self._end(_STOP[mode])

    def kill9(self) -> None:
        """Let it die as with its machine: all of its processes at once, without a word."""
        self._signal_all(signal.SIGSTOP)
        self._signal_all(signal.SIGKILL)
        self._end(signal.SIGKILL)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop it and start it again, at the same port."""
        self.stop(mode)
        self.start()

    def reload(self) -> None:
        """Have it read its configuration files again."""
        self.query("select pg_reload_conf()")

    def pause(self) -> None:
        """Stop all of its processes where they are (SIGSTOP): it neither answers nor closes anything."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let all of its processes go on."""
        self._signal_all(signal.SIGCONT)

    def make_replica(self, delay: str | None = None) -> PostgresServer:
        """A streaming hot standby of this server, started; it goes when this one does.

        :param delay: ``recovery_min_apply_delay``, as ``200ms``.
        """
        replica = PostgresServer()
        self._replicas.append(replica)
        replica._run("pg_basebackup", "-U", "postgres", "-h", self.directory, "-p", self.port,
                     "-c", "fast", "-N", "-R", "-D", replica.data)  # fmt: skip
        replica.configure(**({} if delay is None else {"recovery_min_apply_delay": delay}))
        replica.start()
        return replica

    def wait_replayed(self, primary: PostgresServer) -> None:
        """Wait until this replica shows what a primary has written by now."""
        [(target,)] = primary.query("select pg_current_wal_lsn()")
        reached = "select pg_last_wal_replay_lsn() >= %s::pg_lsn"
        wait_for(lambda: self.query(reached, [target]) == [(True,)])

    def promote(self) -> None:
        """Make a replica a primary; returns when it is one."""
        [(promoted,)] = self.query("select pg_promote(true, %s)", [int(PATIENCE)])
        assert promoted, self.log_text

    def fresh_database(self) -> PostgresDatabase:
        """A new, empty database."""
        database = PostgresDatabase(self, next(self._names))
        self.query(f"create database {database.name} owner {USER} template template0")
        return database

    def query(self, query: str, parameters: Any = None, database: str = "postgres") -> list[tuple[Any, ...]]:
        """What a statement returns, run as the superuser; nothing for one without a result."""
        with closing(
            psycopg2.connect(
                host=str(self.directory), port=self.port, dbname=database, user="postgres", connect_timeout=2
            )
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, parameters)
                return cursor.fetchall() if cursor.description is not None else []

    def close(self) -> None:
        """End it, and its replicas, and remove all that it has written."""
        for replica in self._replicas:
            replica.close()
        if self._process is not None:
            self.kill9()
        if self._guard.poll() is None:
            self._guard.communicate()

    def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(sign)
            process.wait(PATIENCE)

    def _signal_all(self, sign: signal.Signals) -> None:
        # the postmaster first: it makes no more children then
        for pid in [self.pid, *_children(self.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, sign)

    def _run(self, program: str, *arguments: object) -> None:
        with self.log.open("ab") as log:
            ended = self._spawn(program, *arguments, output=log).wait(PATIENCE)
        assert ended == 0, self.log_text

    def _spawn(self, program: str, *arguments: object, output: Any) -> subprocess.Popen[bytes]:
        directory = programs()
        assert directory is not None, MISSING
        return subprocess.Popen(
            [str(directory / program), *map(str, arguments)],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
            **self._identity,
        )

    def _give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if self._identity:
            os.chown(path, self._identity["user"], self._identity["group"])


@cache
def shared_server() -> PostgresServer:
    """The server that tests share which do it no harm, each in a database of its own."""
    server = PostgresServer.create()
    atexit.register(server.close)
    return server


@cache
def shared_database() -> PostgresDatabase:
    """A database of the shared server in which each test has a schema: that costs less than a database."""
    return shared_server().fresh_database()


def settings_of(database: PostgresDatabase, **rest: Any) -> Settings:
    """How a strategy reaches a database."""
    settings = Settings((("127.0.0.1", database.server.port),), database.name, USER, PASSWORD)
    return replace(settings, **rest)


@contextmanager
def new_server(**settings: str) -> Iterator[PostgresServer]:
    """A server for one test, which may do it harm."""
    server = PostgresServer.create(**settings)
    try:
        yield server
    finally:
        server.close()


def conf_lines(settings: Mapping[str, str]) -> str:
    """Settings as lines of kong.conf."""
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _identity() -> dict[str, Any]:
    """As whom the server is to be run: it refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # the name in parentheses may hold anything; then the state, then the parent
            if int(status.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(status.parent.name))
    return found
