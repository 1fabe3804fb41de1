"""``kong stop``, ``quit`` and ``health``: a node that runs, or should."""

from __future__ import annotations

import signal

import click

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.session import Session, pass_session, prefix_option, verbosity
from twisted_kong.node.waiting_mark import noted_reason

# Longer than a node needs to close its listeners and its database.
STOP_WAIT = 10.0

_NAME_WIDTH = 12


@click.command()
@verbosity
@prefix_option
@pass_session
def stop(session: Session, prefix: str | None) -> None:
    """Stop a node at once; requests under way are cut off."""
    paths = session.paths(prefix)
    pid = session.require_running(paths)
    session.machine.processes.send(pid, signal.SIGTERM)
    if not session.machine.wait_gone(pid, STOP_WAIT):
        raise CommandFailed(f"Kong in {paths.prefix} did not stop within {STOP_WAIT:g} seconds")
    session.console.say("Kong stopped")


@click.command(name="quit")
@verbosity
@prefix_option
@click.option(
    "-t", "--timeout", type=click.IntRange(min=1), default=10, help="seconds for the requests under way"
)
@click.option("-w", "--wait", type=click.IntRange(min=0), default=0, help="seconds to wait first")
@pass_session
def quit_(session: Session, prefix: str | None, timeout: int, wait: int) -> None:
    """Stop a node once the requests under way are answered."""
    paths = session.paths(prefix)
    pid = session.require_running(paths)
    session.machine.pause(wait)
    session.machine.processes.send(pid, signal.SIGQUIT)
    if session.machine.wait_gone(pid, timeout):
        session.console.say("Kong stopped (gracefully)")
        return
    session.machine.processes.send(pid, signal.SIGTERM)
    if not session.machine.wait_gone(pid, STOP_WAIT):
        raise CommandFailed(f"Kong in {paths.prefix} did not stop within {STOP_WAIT:g} seconds")
    session.console.say("Timeout, Kong stopped forcefully")


@click.command()
@verbosity
@prefix_option
@pass_session
def health(session: Session, prefix: str | None) -> None:
    """Tell whether a node runs and does not wait for its database."""
    paths = session.paths(prefix)
    running = session.running(paths) is not None
    session.console.say(f"{'nginx':.<{_NAME_WIDTH}}{'running' if running else 'not running'}\n")
    if not running:
        raise CommandFailed(f"Kong is not running at {paths.prefix}")
    reason = noted_reason(paths.waiting)
    if reason is not None:
        raise CommandFailed(f"Kong is not ready at {paths.prefix}: it waits for the database: {reason}")
    session.console.say(f"Kong is healthy at {paths.prefix}")
