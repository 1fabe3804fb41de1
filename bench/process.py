"""Child processes of a benchmark: each pinned to a core, watched while it starts, ended with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 5.0
PROBE_SECONDS = 0.02


class StartFailed(Exception):
    """A program ended or did not listen in time; the text holds the last line it printed."""


def cores() -> tuple[int, int]:
    """The core for the proxy and that for load and upstream; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def free_port() -> int:
    """A loopback port that was free a moment ago; another program could still take it first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One program in a session of its own, all its output in ``log``."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        core: int,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._argv = list(argv)
        self._log = log
        mine = os.sched_getaffinity(0)
        # A child inherits the affinity, and a preexec_fn would forbid the quick vfork.
        os.sched_setaffinity(0, {core})
        try:
            with log.open("wb") as out:
                self._child = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    cwd=cwd,
                    start_new_session=True,
                )
        finally:
            os.sched_setaffinity(0, mine)
        self.pid = self._child.pid
        self._stopped = False

    def wait_for_port(self, port: int, seconds: float = START_SECONDS) -> None:
        """Return once the program listens on ``port``.

        :raises StartFailed: it ended, or did not listen within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._child.poll() is not None:
                raise StartFailed(f"{self._argv[0]} ended with {self._child.returncode}: {self.tail()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(PROBE_SECONDS)
        raise StartFailed(f"{self._argv[0]} did not listen on {port} in {seconds:.0f} s: {self.tail()}")

    def tail(self) -> str:
        """The last line it printed."""
        return "".join(self._log.read_text(errors="replace").strip().splitlines()[-1:])

    def stop(self) -> None:
        """End the program and its children: asked first, killed after a few seconds. Again is harmless."""
        if self._stopped:
            return
        self._stopped = True
        for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            try:
                os.killpg(self.pid, sign)
            except ProcessLookupError:
                break
            try:
                self._child.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait()


def run(argv: Sequence[str], *, seconds: float, core: int, env: Mapping[str, str] | None = None) -> str:
    """Run a program to its end on ``core`` and return what it printed.

    :raises StartFailed: it failed or took longer than ``seconds``.
    """
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **(env or {})},
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise StartFailed(f"{argv[0]} took longer than {seconds:.0f} s") from late
    finally:
        os.sched_setaffinity(0, mine)
    if done.returncode != 0:
        raise StartFailed(f"{argv[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-800:]}")
    return done.stdout
