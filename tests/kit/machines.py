"""A machine whose processes, clock and launches exist in memory only, for tests of the command line."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from typing_extensions import override

from twisted_kong.cli.kong import run
from twisted_kong.cli.machine import Machine, Processes
from twisted_kong.cli.session import Session


class StubProcesses(Processes):
    """Processes by their ids, each with its command line; what a signal does is the test's choice."""

    def __init__(self) -> None:
        self.alive: dict[int, str] = {}
        self.sent: list[tuple[int, signal.Signals]] = []
        self.deadly: set[signal.Signals] = {signal.SIGTERM, signal.SIGQUIT}

    @override
    def is_alive(self, pid: int) -> bool:
        return pid in self.alive

    @override
    def command(self, pid: int) -> str | None:
        return self.alive.get(pid)

    @override
    def send(self, pid: int, number: signal.Signals) -> None:
        self.sent.append((pid, number))
        if number in self.deadly:
            self.alive.pop(pid, None)


class Shell:
    """Runs ``kong`` on a machine in memory; ``directory`` holds the only real files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.prefix = directory / "node"
        self.conf = directory / "kong.conf"
        self.processes = StubProcesses()
        self.now = 0.0
        self.launched: list[tuple[Sequence[str], str, float]] = []
        self.became: list[Sequence[str]] = []
        self.launch_error: Exception | None = None
        self.environment: dict[str, str] = {}
        self.meanwhile: Callable[[], object] = lambda: None
        """Happens whenever a command waits."""
        self.configure()

    def configure(self, text: str = "") -> None:
        """Write kong.conf: a node of this directory that makes no certificates, and ``text``."""
        own = f"prefix = {self.prefix}\nproxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0\n"
        self.conf.write_text(own + text)

    @property
    def machine(self) -> Machine:
        """What a command works on."""
        return Machine(
            self.environment,
            self.processes,
            self._pause,
            lambda: self.now,
            self._launch,
            self.became.append,
            (str(self.conf),),
            "python",
        )

    def run(self, *arguments: str) -> int:
        """Run a command; its exit code."""
        return run(arguments, Session(self.machine))

    def node_runs(self, pid: int = 7, command: str = "python -m twisted_kong.cli.twistd kong") -> None:
        """Pretend that a node runs below the prefix."""
        (self.prefix / "pids").mkdir(parents=True, exist_ok=True)
        (self.prefix / "pids" / "nginx.pid").write_text(str(pid))
        self.processes.alive[pid] = command

    def _pause(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile()

    def _launch(
        self, arguments: Sequence[str], output: str, timeout: float, tell: Callable[[str], None]
    ) -> None:
        self.launched.append((arguments, output, timeout))
        if self.launch_error is not None:
            raise self.launch_error
