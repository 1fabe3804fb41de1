"""``kong`` and ``twistd kong`` on PostgreSQL, as an operator meets them: commands, waiting, refusals."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.ports import free_port
from tests.kit.postgres import (
    PostgresDatabase,
    PostgresServer,
    conf_lines,
    new_server,
    requires_postgres,
    shared_server,
)
from tests.kit.site import KONG, Site, new_site, wait_for
from twisted_kong.db.strategies.postgres.migrations import STEPS

pytestmark = [pytest.mark.integration, requires_postgres]

NAMES = ", ".join(step.name for step in STEPS)
UP_TO_DATE = "".join(f"migrating core on database... {step.name} (executed)\n" for step in STEPS)


@pytest.fixture
def database() -> PostgresDatabase:
    """An empty database."""
    return shared_server().fresh_database()


@pytest.fixture
def site(tmp_path: Path, database: PostgresDatabase) -> Iterator[Site]:
    """A site on it."""
    with new_site(tmp_path) as site:
        site.configure(conf_lines(database.settings))
        yield site


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that may be done harm."""
    with new_server() as server:
        yield server


def migrations(site: Site, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and the error's line of a ``kong migrations`` command."""
    done = site.kong("migrations", arguments[0], "-c", str(site.conf), *arguments[1:])
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) <= 1, done.stderr
    return done.returncode, done.stdout, "".join(lines).removeprefix("Error: ")


@contextmanager
def started(site: Site, *arguments: str, command: str = "start") -> Iterator[subprocess.Popen[str]]:
    """``kong start``, or another command, at work, with what it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", KONG, command, "-c", str(site.conf), *arguments],
        cwd=site.directory,
        env=site.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_migrations_from_nothing_and_back(site: Site) -> None:
    """Kong's texts and exit codes at each stage."""
    needs = "Database needs bootstrapping; run 'kong migrations bootstrap'\n"
    assert migrations(site, "list") == (3, needs, "")
    assert json.loads(migrations(site, "status")[1]) == {"needs_bootstrap": True}
    cannot = "Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'"
    assert migrations(site, "up") == (1, "", cannot)
    assert migrations(site, "finish") == (1, "", cannot)
    assert migrations(site, "reset", "-y") == (0, "Database not bootstrapped, nothing to reset\n", "")
    bootstrapped = f"Bootstrapping database...\n{UP_TO_DATE}Database is up-to-date\n"
    assert migrations(site, "bootstrap") == (0, bootstrapped, "")
    assert migrations(site, "bootstrap") == (0, "Database already bootstrapped\n", "")
    assert migrations(site, "up") == (0, "Database is already up-to-date\n", "")
    assert migrations(site, "finish") == (0, "No pending migrations to finish\n", "")
    assert migrations(site, "list") == (0, f"Executed migrations:\n       core: {NAMES}\n", "")
    assert migrations(site, "bootstrap", "-f") == (0, bootstrapped, "")
    assert migrations(site, "reset", "-y") == (
        0,
        "Resetting database...\nDatabase successfully reset\n",
        "",
    )
    assert migrations(site, "list")[0] == 3
    # nothing of it needs the prefix
    assert not site.prefix.exists()


def test_later_version(site: Site, database: PostgresDatabase) -> None:
    """A database that a later version has been at is told as that, to a command as to a node."""
    assert migrations(site, "bootstrap")[0] == 0
    database.query("insert into migrations values ('9999_later')")
    code, _, error = migrations(site, "list")
    assert (code, "was used by a later version" in error) == (1, True)
    assert f"Error: {error}" in site.twistd("-c", str(site.conf)).stderr


def test_four_commands_at_once(site: Site, database: PostgresDatabase) -> None:
    """Each succeeds, and each step has run once."""
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", KONG, "migrations", "bootstrap", "-c", str(site.conf)],
            env=site.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = [command.communicate()[0] for command in commands]
    assert [command.returncode for command in commands] == [0] * 4
    assert sum(output.count("(executed)") for output in outputs) == len(STEPS)
    assert database.query("select count(*) from migrations") == [(len(STEPS),)]


def test_a_node_refuses_what_is_not_migrated(site: Site) -> None:
    """Started in whatever way it ends at once, with the command to run."""
    done = site.kong("start", "-c", str(site.conf))
    assert done.returncode == 1
    assert "Error: database needs bootstrapping; run 'kong migrations bootstrap'\n" in done.stderr
    done = site.twistd("-c", str(site.conf))
    assert done.returncode == 1
    assert done.stderr.endswith("Error: database needs bootstrapping; run 'kong migrations bootstrap'\n")
    done = site.kong("start", "-c", str(site.conf), "--run-migrations")
    assert (done.returncode, done.stdout) == (0, "Kong started\n")
    assert site.admin("GET", "/services").json["data"] == []
    code, _, error = migrations(site, "reset", "-y")
    assert (code, error.startswith(f"Kong is running in {site.prefix}")) == (1, True)
    assert site.kong("stop", "-p", str(site.prefix)).returncode == 0


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("pg_password = wrong", 'password authentication failed for user "kong"'),
        ("pg_database = nowhere", 'database "nowhere" does not exist'),
        ("pg_ssl = on", "server does not support SSL, but SSL was required"),
    ],
)
def test_refusals_of_the_server(
    tmp_path: Path, database: PostgresDatabase, setting: str, reason: str
) -> None:
    """What no waiting will mend is one line, for commands as for a node, which does not wait then."""
    name, _, value = setting.partition(" = ")
    with new_site(tmp_path) as site:
        site.configure(conf_lines({**database.settings, name: value}))
        message = f"PostgreSQL at 127.0.0.1:{database.server.port}: "
        for error in (
            migrations(site, "list")[2],
            site.twistd("-c", str(site.conf)).stderr.splitlines()[-1].removeprefix("Error: "),
        ):
            assert error.startswith(message)
            assert reason in error


def test_commands_do_not_wait_for_a_server_that_is_away(tmp_path: Path, database: PostgresDatabase) -> None:
    """They say so at once, and of one that says nothing within the time that was given."""
    port = free_port()
    with new_site(tmp_path) as site:
        site.configure(conf_lines({**database.settings, "pg_port": str(port)}))
        assert migrations(site, "up") == (1, "", f"PostgreSQL at 127.0.0.1:{port}: Connection refused")
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", port))
            silent.listen()
            began = time.monotonic()
            code, _, error = migrations(site, "up", "--db-timeout", "1")
            assert (code, error) == (1, f"PostgreSQL at 127.0.0.1:{port}: no answer within 1 seconds")
            assert time.monotonic() - began < 10


def test_a_node_waits_for_a_server_that_is_away(tmp_path: Path, server: PostgresServer) -> None:
    """``kong start`` tells what it waits for, past its timeout, until the server is there."""
    with new_site(tmp_path) as site:
        site.configure(conf_lines(server.fresh_database().settings))
        assert migrations(site, "bootstrap")[0] == 0
        server.stop()
        with started(site, "--db-timeout", "1") as command:
            assert command.stdout is not None
            refused = f"PostgreSQL at 127.0.0.1:{server.port}: Connection refused"
            assert command.stdout.readline() == f"[warn] the node waits for the database: {refused}\n"
            wait_for(lambda: len(site.error_log) > 0)
            with pytest.raises(subprocess.TimeoutExpired):
                command.wait(2)
            server.start()
            rest, _ = command.communicate(timeout=20)
            assert (command.returncode, rest) == (0, "Kong started\n")
        log = site.error_log
        assert f"[warn] {site.pid()}#0: waiting for the database: {refused}" in log
        assert log.count("Connection refused") == 1
        assert "the database is there after " in log
        assert site.admin("GET", "/services").status == 200


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGQUIT])
def test_a_node_that_waits_stops_at_once(
    tmp_path: Path, server: PostgresServer, sign: signal.Signals
) -> None:
    """Also in the middle of connecting to a server that does not answer, and without an error."""
    with new_site(tmp_path) as site:
        site.configure(conf_lines({**server.fresh_database().settings, "pg_timeout": "30000"}))
        assert migrations(site, "bootstrap")[0] == 0
        server.pause()
        try:
            process = site.spawn()
            wait_for(lambda: "starting up" in site.console)
            # until it is connecting: the kernel has accepted it for the server
            wait_for(lambda: process.poll() is None and _connected(process.pid, server.port))
            began = time.monotonic()
            process.send_signal(sign)
            # of TERM twistd dies itself, once everything is closed
            assert process.wait(10) == (-sign if sign == signal.SIGTERM else 0)
            assert time.monotonic() - began < 2
        finally:
            server.resume()
        assert "Error" not in site.console


def test_kong_stop_ends_a_node_that_waits(tmp_path: Path, server: PostgresServer) -> None:
    """And ``kong start``, which still waits for it, says that it was stopped; it never was healthy."""
    with new_site(tmp_path) as site:
        site.configure(conf_lines(server.fresh_database().settings))
        server.stop()
        with started(site) as command:
            assert command.stdout is not None
            assert "the node waits for the database" in command.stdout.readline()
            health = site.kong("health", "-p", str(site.prefix))
            assert health.returncode == 1
            refused = f"PostgreSQL at 127.0.0.1:{server.port}: Connection refused"
            message = f"Kong is not ready at {site.prefix}: it waits for the database: {refused}"
            assert health.stderr.startswith(f"Error: {message}\n")
            done = site.kong("stop", "-p", str(site.prefix))
            assert (done.returncode, done.stdout) == (0, "Kong stopped\n")
            rest, _ = command.communicate(timeout=10)
            assert (command.returncode, rest.splitlines()[0]) == (1, "Error: the node was stopped")


def test_kong_restart_of_a_node_that_waits(tmp_path: Path, server: PostgresServer) -> None:
    """Another node waits in its place, which serves and is healthy once the server is there."""
    with new_site(tmp_path) as site:
        site.configure(conf_lines(server.fresh_database().settings))
        assert migrations(site, "bootstrap")[0] == 0
        server.stop()
        with started(site) as first:
            assert first.stdout is not None
            assert "the node waits for the database" in first.stdout.readline()
            old = site.pid()
            with started(site, command="restart") as second:
                assert second.stdout is not None
                assert "the node waits for the database" in second.stdout.readline()
                assert first.wait(10) == 1
                assert site.pid() not in (None, old)
                server.start()
                rest, _ = second.communicate(timeout=20)
                assert (second.returncode, rest) == (0, "Kong started\n")
        assert site.kong("health", "-p", str(site.prefix)).returncode == 0


def test_reset_under_a_node_elsewhere(tmp_path: Path, site: Site, database: PostgresDatabase) -> None:
    """A database that nodes of other machines use is not reset either; they are named."""
    assert migrations(site, "bootstrap")[0] == 0
    (tmp_path / "other").mkdir()
    with new_site(tmp_path / "other") as other:
        other.configure(conf_lines(database.settings))
        other.serve()
        wait_for(lambda: database.query("select count(*) from members") == [(1,)])
        code, _, error = migrations(site, "reset", "-y")
        assert (code, "nodes are running on the database" in error) == (1, True)
        assert socket.gethostname() in error
        assert other.admin("GET", "/services").status == 200


def test_systemd_is_told_to_wait(tmp_path: Path, server: PostgresServer) -> None:
    """Each word of a node that waits asks for another minute."""
    with new_site(tmp_path) as site, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        site.configure(conf_lines(server.fresh_database().settings))
        server.stop()
        inbox.bind(str(tmp_path / "notify"))
        inbox.settimeout(20)
        site.spawn(NOTIFY_SOCKET=str(tmp_path / "notify"))
        for _ in range(2):
            status, extension = inbox.recv(4096).decode().split("\n")
            assert status.startswith("STATUS=waiting: PostgreSQL at ")
            assert extension == "EXTEND_TIMEOUT_USEC=60000000"


def _connected(pid: int, port: int) -> bool:
    """Whether a process has a connection to a port of loopback."""
    connections = Path(f"/proc/{pid}/net/tcp").read_text()
    return f"0100007F:{port:04X} 01" in connections


def test_a_server_that_begins_to_refuse(tmp_path: Path, server: PostgresServer) -> None:
    """A node that runs is told so, answers 503 with the reason, and goes on when it is mended."""
    database = server.fresh_database()
    with new_site(tmp_path) as site:
        site.configure(conf_lines(database.settings))
        assert site.kong("start", "-c", str(site.conf), "--run-migrations").returncode == 0
        service = {"name": "s", "url": "http://127.0.0.1:1"}
        assert site.admin("POST", "/services", service).status == 201

        database.query("revoke all on entities from kong")
        for answer in (
            site.admin("POST", "/services", {**service, "name": "t"}),
            site.admin("GET", "/services"),
        ):
            assert answer.status == 503
            assert "permission denied for table entities" in answer.json["message"]
        database.query("grant all on entities to kong")

        database.query("alter role kong password 'another'")
        database.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'kong'")
        wait_for(lambda: "password authentication failed" in site.error_log)
        answer = site.admin("POST", "/services", {**service, "name": "t"})
        assert answer.status == 503
        assert answer.json["message"].startswith(
            "the database cannot be written at present, nothing was changed: PostgreSQL at 127.0.0.1:"
        )
        assert "password authentication failed" in answer.json["message"]
        database.query("alter role kong password %s", (database.settings["pg_password"],))
        wait_for(lambda: site.admin("GET", "/services").status == 200)
        assert len(site.admin("GET", "/services").json["data"]) == 1
        assert "Traceback" not in site.error_log
        assert site.kong("stop", "-p", str(site.prefix)).returncode == 0


def test_a_log_that_was_emptied(site: Site, database: PostgresDatabase) -> None:
    """A node says so and how it is repaired, and follows again when it was."""
    assert site.kong("start", "-c", str(site.conf), "--run-migrations").returncode == 0
    assert site.admin("POST", "/services", {"name": "s", "url": "http://127.0.0.1:1"}).status == 201
    database.query("truncate changes")
    database.query("delete from unique_values")
    database.query("delete from entities")
    for answer in (
        site.admin("POST", "/services", {"name": "t", "url": "http://127.0.0.1:1"}),
        site.admin("GET", "/services"),
    ):
        assert answer.status == 503
        assert "the log of changes is empty" in answer.json["message"]
    wait_for(lambda: "run 'kong migrations up' to begin it anew" in site.error_log)
    repaired = "migrating core on database... log_of_changes_begun_anew (executed)\nDatabase is up-to-date\n"
    assert migrations(site, "up") == (0, repaired, "")
    assert migrations(site, "up") == (0, "Database is already up-to-date\n", "")
    wait_for(lambda: "everything will be read again" in site.error_log)
    assert site.admin("POST", "/services", {"name": "t", "url": "http://127.0.0.1:1"}).status == 201
    assert [each["name"] for each in site.admin("GET", "/services").json["data"]] == ["t"]
    assert "Traceback" not in site.error_log
    assert site.kong("stop", "-p", str(site.prefix)).returncode == 0
