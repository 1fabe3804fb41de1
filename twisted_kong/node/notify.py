"""Tells whoever started the node how it is: the sd_notify protocol of systemd, in a few lines of our own.

The address stands in ``NOTIFY_SOCKET``; each message is one datagram of lines ``NAME=value`` to that Unix
socket. Under systemd (``Type=notify``) the unit then counts as started when the node says so, and a node
whose event loop stalls is killed when its watchdog beats stay out. ``kong start`` listens at such a socket
too, so a node has one way only of saying that it is ready or why it failed.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

# systemd advises half the time; a third leaves room for one late beat.
BEATS = 3

Send = Callable[[str, bytes], None]


def send_datagram(address: str, message: bytes) -> None:
    """Send one message; ``@`` at the start of an address stands for the abstract namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        sender.sendto(message, "\0" + address[1:] if address.startswith("@") else address)


class ServiceManager:
    """Whoever waits for news of this node; without an address nobody does and nothing is sent.

    A message that cannot be delivered is logged and forgotten: the node must not fail for it.
    """

    _log = Logger()

    def __init__(
        self, address: str | None, monotonic: Callable[[], float], send: Send = send_datagram
    ) -> None:
        self._address = address
        self._monotonic = monotonic
        self._send = send

    def ready(self, status: str = "ready") -> None:
        """The node serves; also what ends :meth:`reloading`."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The node takes over a changed configuration; :meth:`ready` must follow."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={int(self._monotonic() * 1_000_000)}", "STATUS=reloading")

    def stopping(self) -> None:
        """The node begins to stop."""
        self._tell("STOPPING=1", "STATUS=stopping")

    def waiting(self, reason: str, seconds: float) -> None:
        """The node cannot come up yet and goes on trying; it says so again within this time."""
        self._tell(f"STATUS=waiting: {reason}", f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def failed(self, reason: str) -> None:
        """The node did not come up and will end."""
        self._tell(f"STATUS=Error: {reason}", "ERRNO=1")

    def beat(self) -> None:
        """The event loop turns."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        message = "\n".join(line.replace("\n", " ") for line in lines)
        try:
            self._send(self._address, message.encode())
        except FileNotFoundError:
            # kong start has seen the node come up and is gone.
            self._address = None
        except OSError as why:
            self._log.warn("cannot notify {address}: {why}", address=self._address, why=why)


class Watchdog(Service):
    """Beats on the reactor's clock, so that the beats stay out when the event loop stalls."""

    def __init__(self, manager: ServiceManager, timeout: float, clock: IReactorTime) -> None:
        self._interval = timeout / BEATS
        self._loop = LoopingCall(manager.beat)
        self._loop.clock = clock

    @override
    def startService(self) -> None:
        """Begin to beat."""
        super().startService()
        self._loop.start(self._interval)

    @override
    def stopService(self) -> None:
        """No beat comes after this."""
        if self._loop.running:
            self._loop.stop()
        super().stopService()


def watchdog_timeout(environment: Mapping[str, str], pid: int) -> float | None:
    """The seconds after which systemd gives up on this process; None when it does not watch it."""
    if environment.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1_000_000 if text.isascii() and text.isdigit() and int(text) > 0 else None
