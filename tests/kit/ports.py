"""Ports for what a test starts in another process, where port 0 cannot be asked for."""

from __future__ import annotations

import os
import random
import socket
from contextlib import ExitStack
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_ENOUGH = 1_000
# Ports that were handed out and may not be in use yet.
_given: set[int] = set()
# Of tests that run in several processes each has every so manieth port: these know nothing of one another.
_PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def free_port() -> int:
    """A port of loopback where nobody listens now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports where nobody listens now, and that nobody in this run of the tests was given before.

    They are below those that the kernel gives to outgoing connections: one of these could be taken before a
    test comes to use it.
    """
    first = int(_EPHEMERAL.read_text().split()[0])
    candidates = range(_LOWEST + _PROCESS, max(first, _LOWEST + _ENOUGH), _PROCESSES)
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            port = random.choice(candidates)
            if port in _given:
                continue
            _given.add(port)
            probe = stack.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found
