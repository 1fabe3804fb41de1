"""Starts the node in the background and waits until it says that it is ready, or why it is not.

The node says so by sd_notify (see ``node/notify.py``): this is the other end, a Unix datagram socket in a
directory of our own. Output before the log is open goes to a file, whose last line explains an early end.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# How often the child is looked at while no message comes.
_TURN = 0.1
_GRACE = 5.0


class StartFailed(Exception):
    """The node did not become ready and is gone; one line says why."""


class News:
    """What the node has told so far.

    :param deadline: when it is given up, by the clock of whoever waits; a node that says that it waits for
        something is given more time each time it does.
    :param tell: called with what the node waits for, whenever that changes.
    """

    def __init__(self, deadline: float, tell: Callable[[str], None]) -> None:
        self.ready = self.stopping = False
        self.reason: str | None = None
        self.deadline = deadline
        self._tell = tell
        self._waits_for = ""

    def take(self, message: bytes, now: float) -> None:
        """Note one message; unknown lines mean nothing."""
        for line in message.decode(errors="replace").splitlines():
            name, _, value = line.partition("=")
            if name == "READY" and value == "1":
                self.ready = True
            elif name == "STOPPING" and value == "1":
                self.stopping = True
            elif name == "STATUS" and value.startswith("Error: "):
                self.reason = value.removeprefix("Error: ")
            elif name == "STATUS" and value.startswith("waiting: "):
                self._waits(value.removeprefix("waiting: "))
            elif name == "EXTEND_TIMEOUT_USEC" and value.isascii() and value.isdigit():
                self.deadline = max(self.deadline, now + int(value) / 1_000_000)

    def end(self, code: int, output: str) -> str:
        """Why the node has ended before it was ready.

        :param code: its exit code, or the signal that ended it, negative.
        :param output: what it wrote to its standard streams.
        """
        if self.reason is not None:
            return self.reason
        # Of TERM it dies in silence before it minds signals.
        return "the node was stopped" if self.stopping or code == -signal.SIGTERM else last_line(output)

    def _waits(self, reason: str) -> None:
        if reason != self._waits_for:
            self._waits_for = reason
            self._tell(f"the node waits for the database: {reason}")


def last_line(text: str) -> str:
    """The line that explains a program's end: the last that is not empty, without ``Error:``."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else "it ended without a word"


def launch(arguments: Sequence[str], output: str, timeout: float, tell: Callable[[str], None]) -> None:
    """Run a node in a session of its own; returns once it is ready, raises :class:`StartFailed` otherwise.

    :param output: file for what it writes to its standard streams, made anew.
    :param timeout: seconds it may take, not counting those in which it says that it waits.
    :param tell: called with what it waits for.
    """
    # Not below the prefix: a Unix socket's path must not be longer than 107 bytes.
    with tempfile.TemporaryDirectory(prefix="kong-") as directory:
        address = f"{directory}/ready"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
            inbox.bind(address)
            inbox.settimeout(_TURN)
            child = _spawn(arguments, output, address)
            try:
                _wait(child, inbox, output, timeout, News(time.monotonic() + timeout, tell))
            except BaseException:
                _end(child)
                raise
    # It lives on without us: nobody shall wait for it.
    child.returncode = 0


def _spawn(arguments: Sequence[str], output: str, address: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHDOG_")}
    environment["NOTIFY_SOCKET"] = address
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o640)
    with open(descriptor, "ab") as file:
        return subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=environment,
            start_new_session=True,
        )


def _wait(
    child: subprocess.Popen[bytes], inbox: socket.socket, output: str, timeout: float, news: News
) -> None:
    while not news.ready:
        code = child.poll()
        try:
            news.take(inbox.recv(4096), time.monotonic())
        except TimeoutError:
            if code is not None:
                raise StartFailed(news.end(code, Path(output).read_text(errors="replace"))) from None
        if time.monotonic() > news.deadline:
            raise StartFailed(news.reason or f"it did not become ready within {timeout:g} seconds")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
