"""``kong start``, ``restart``, ``reload`` and ``prepare``: everything that writes the prefix."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.datastore import PATIENCE, datastore, db_timeout_option, lock_timeout_option
from twisted_kong.cli.machine import Machine
from twisted_kong.cli.session import Command, Session, conf_option, pass_session, prefix_option, verbosity
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.paths import PrefixPaths
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.node.configuration import ConfSource
from twisted_kong.node.kong_env import write_kong_env
from twisted_kong.node.prefix import prepare_directories, prepare_prefix
from twisted_kong.node.reloading import restart_notes

# Kong gives a node that is restarted this many seconds to end.
RESTART_WAIT = 5.0
# Longer than a ``kong start`` that still waited for the node takes to see that it has ended.
LOCK_WAIT = 10.0


def start_options(command: Command) -> Command:
    """The options of ``start`` and ``restart``; those about nginx are accepted for Kong's sake."""
    for option in (
        lock_timeout_option,
        db_timeout_option("seconds that the database may take to answer, and the node to be ready"),
        click.option("--run-migrations", is_flag=True, help="bring the database up to date first"),
        click.option("--nginx-conf-flags", help="ignored: there is no nginx"),
        click.option("--nginx-conf", help="ignored: there is no nginx"),
        prefix_option,
        conf_option,
        verbosity,
    ):
        command = option(command)
    return command


@click.command()
@start_options
@pass_session
def start(
    session: Session,
    /,
    conf: str | None,
    prefix: str | None,
    run_migrations: bool,
    db_timeout: int,
    lock_timeout: int,
    **ignored: object,
) -> None:
    """Start a node and wait until it is ready."""
    found = session.read_usable(conf, prefix)
    start_node(session, found, run_migrations, db_timeout, lock_timeout)


@click.command()
@start_options
@pass_session
def restart(
    session: Session,
    /,
    conf: str | None,
    prefix: str | None,
    run_migrations: bool,
    db_timeout: int,
    lock_timeout: int,
    **ignored: object,
) -> None:
    """Stop the node if it runs, and start it."""
    found = session.read_usable(conf, prefix)
    pid = session.running(found.paths)
    if pid is not None:
        session.console.step(f"stopping process {pid}")
        session.machine.processes.send(pid, signal.SIGTERM)
        if not session.machine.wait_gone(pid, RESTART_WAIT):
            raise CommandFailed(f"Kong in {found.prefix} did not stop within {RESTART_WAIT:g} seconds")
    start_node(session, found, run_migrations, db_timeout, lock_timeout, LOCK_WAIT)


@click.command()
@verbosity
@conf_option
@prefix_option
@click.option("--nginx-conf", help="ignored: there is no nginx")
@click.option("--nginx-conf-flags", help="ignored: there is no nginx")
@pass_session
def reload(session: Session, /, conf: str | None, prefix: str | None, **ignored: object) -> None:
    """Let the running node take over a changed configuration."""
    found = session.read_usable(conf, prefix)
    pid = session.require_running(found.paths)
    before = settings_below(session, found.paths)
    prepare_node(session, found)
    session.machine.processes.send(pid, signal.SIGHUP)
    for note in restart_notes(before, found) if before is not None else ():
        session.console.warn(note)
    session.console.say("Kong reloaded")


@click.command()
@verbosity
@conf_option
@prefix_option
@click.option("--nginx-conf", help="ignored: there is no nginx")
@pass_session
def prepare(session: Session, /, conf: str | None, prefix: str | None, **ignored: object) -> None:
    """Write the prefix without starting a node."""
    prepare_node(session, session.read_usable(conf, prefix))


def settings_below(session: Session, paths: PrefixPaths) -> Conf | None:
    """The configuration that was started or reloaded last below a prefix; None where that cannot be told."""
    try:
        return ConfSource(paths.kong_env, merged=True).read(session.machine.environment).conf
    except ConfError:
        return None


def prepare_node(session: Session, /, conf: Conf) -> None:
    """Make what a node needs below its prefix, and write its settings there."""
    session.console.step(f"preparing the prefix {conf.prefix}")
    prepare_prefix(conf, datetime.now(UTC), lambda: str(uuid4()))
    write_kong_env(conf)


def start_node(
    session: Session,
    /,
    conf: Conf,
    migrate: bool,
    timeout: float = PATIENCE,
    lock_timeout: float = PATIENCE,
    start_wait: float = 0.0,
) -> None:
    """Start a node with this configuration; returns once it serves.

    :param start_wait: seconds for which another start in this prefix is waited for.
    """
    prepare_directories(conf)
    with sole_start(session.machine, conf.paths, start_wait) as lock:
        if session.running(conf.paths) is not None:
            raise CommandFailed(f"Kong is already running in {conf.prefix}")
        prepare_node(session, conf)
        if migrate:
            for name in datastore(conf, db_timeout=timeout, lock_timeout=lock_timeout).migrate():
                session.console.step(f"migrated: {name}")
        remove_leftovers(session, conf.paths)
        arguments = node_command(session.machine.python, conf.paths)
        session.console.step(f"running {' '.join(arguments)}")
        if conf.nginx_main_daemon:
            session.machine.launch(arguments, conf.paths.start_log, timeout, session.console.warn)
            session.console.say("Kong started")
        else:
            os.set_inheritable(lock, True)
            session.machine.become(arguments)


@contextmanager
def sole_start(machine: Machine, paths: PrefixPaths, seconds: float = 0.0) -> Iterator[int]:
    """Keep every other start out of a prefix; gives what the lock hangs on.

    One that is under way is waited for so many seconds.
    Of two at once, each would take the other's pid file for a leftover, and nobody could stop the node that
    comes up.
    """
    descriptor = os.open(paths.start_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not machine.wait_until(lambda: _locked(descriptor), seconds):
            raise CommandFailed(f"Kong is running or being started in {paths.prefix}")
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def node_command(python: str, paths: PrefixPaths) -> Sequence[str]:
    """The command that runs the node below a prefix in the foreground."""
    return (
        python,
        # Python would else look for modules in the working directory first.
        "-P",
        "-m",
        "twisted_kong.cli.twistd",
        "--nodaemon",
        "--pidfile",
        paths.pid_file,
        "kong",
        "--kong-env",
        paths.kong_env,
        "--log-files",
    )


def remove_leftovers(session: Session, paths: PrefixPaths) -> None:
    """Remove what a node that died left behind; nobody runs here, as was just seen."""
    pid_file = Path(paths.pid_file)
    if pid_file.exists():
        session.console.step(f"removing the pid file of a node that is gone: {pid_file}")
        pid_file.unlink()
    for socket in Path(paths.below("sockets")).iterdir():
        if socket.is_socket():
            session.console.warn(f"found and removed a dangling Unix socket: {socket}")
            os.unlink(socket)
