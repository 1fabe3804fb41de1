"""Processes of this machine."""

from __future__ import annotations

import os
import sys

from tests.kit.machines import StubProcesses
from twisted_kong.cli.machine import Machine, Processes


def test_this_process_is_alive_and_told_by_its_command() -> None:
    """As far as the system tells it."""
    processes = Processes()
    assert processes.is_alive(os.getpid())
    assert processes.is_alive(1)
    # be it pytest itself or one of several processes that it runs the tests in
    assert sys.orig_argv[0] in (processes.command(os.getpid()) or sys.orig_argv[0])


def test_no_such_process() -> None:
    """Neither alive nor with a command."""
    assert not Processes().is_alive(999999999)
    assert Processes().command(999999999) is None


def test_process_that_was_not_reaped_is_gone() -> None:
    """In a container nobody may ever collect the exit code of a node; stop must not wait for that."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    # Waits for the end without reaping.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not Processes().is_alive(pid)
    os.waitpid(pid, 0)


def test_waiting_ends_with_the_process_or_in_time() -> None:
    """Whichever comes first is told."""
    processes = StubProcesses()
    processes.alive[7] = ""
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds
        if now[0] > 1:
            processes.alive.clear()

    machine = Machine({}, processes, pause, lambda: now[0])
    assert not machine.wait_gone(7, 0.5)
    assert machine.wait_gone(7, 5)
    assert now[0] < 1.2
