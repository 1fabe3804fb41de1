"""The machine that a command works on: its processes, its clock and its environment, as one argument."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from twisted_kong.cli.launching import launch
from twisted_kong.node.configuration import DEFAULT_FILES

# How often a process that shall end is looked at.
POLL = 0.05


class Processes:
    """Processes by their ids."""

    def is_alive(self, pid: int) -> bool:
        """Whether there is such a process, whoever owns it; one that ended but was not reaped is none."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return self._state(pid) not in ("Z", "X")

    def _state(self, pid: int) -> str | None:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # The name before it stands in parentheses and may hold anything.
                return file.read().rpartition(b")")[2].split()[0].decode()
        except (OSError, IndexError):
            return None

    def command(self, pid: int) -> str | None:
        """Its command line; None where the system does not tell."""
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return None

    def send(self, pid: int, number: signal.Signals) -> None:
        """Send it a signal; OSError if that is not allowed or it has gone."""
        os.kill(pid, number)


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything a command touches, replaced by fakes in tests."""

    environment: Mapping[str, str]
    processes: Processes = field(default_factory=Processes)
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    launch: Callable[[Sequence[str], str, float, Callable[[str], None]], None] = launch
    """Run a command in the background until it is ready: see ``launching.launch``."""
    become: Callable[[Sequence[str]], None] = lambda arguments: os.execv(arguments[0], list(arguments))
    """Replace this process by a command."""
    default_files: tuple[str, ...] = DEFAULT_FILES
    python: str = sys.executable

    def wait_gone(self, pid: int, seconds: float) -> bool:
        """Wait until a process has ended, for so long; whether it has."""
        return self.wait_until(lambda: not self.processes.is_alive(pid), seconds)

    def wait_until(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Look until something has happened, for so long; whether it has."""
        deadline = self.monotonic() + seconds
        while not happened():
            if self.monotonic() >= deadline:
                return False
            self.pause(POLL)
        return True
