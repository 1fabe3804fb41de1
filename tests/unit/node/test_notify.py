"""News for whoever started the node."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from twisted_kong.node.notify import ServiceManager, Watchdog, watchdog_timeout


class Inbox:
    """Receives what is sent, or refuses it."""

    def __init__(self, error: OSError | None = None) -> None:
        self.messages: list[tuple[str, str]] = []
        self.error = error

    def __call__(self, address: str, message: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.messages.append((address, message.decode()))


def test_messages() -> None:
    """Each state in the words of sd_notify."""
    inbox = Inbox()
    manager = ServiceManager("/run/notify", lambda: 1.5, inbox)
    manager.ready()
    manager.reloading()
    manager.stopping()
    manager.waiting("no\nserver", 60.0)
    manager.failed("port in\nuse")
    manager.beat()
    assert {address for address, _ in inbox.messages} == {"/run/notify"}
    assert [message for _, message in inbox.messages] == [
        "READY=1\nSTATUS=ready",
        "RELOADING=1\nMONOTONIC_USEC=1500000\nSTATUS=reloading",
        "STOPPING=1\nSTATUS=stopping",
        "STATUS=waiting: no server\nEXTEND_TIMEOUT_USEC=60000000",
        "STATUS=Error: port in use\nERRNO=1",
        "WATCHDOG=1",
    ]


def test_nobody_listens() -> None:
    """Without an address nothing is sent."""
    inbox = Inbox()
    ServiceManager(None, lambda: 0, inbox).ready()
    assert inbox.messages == []


def test_undelivered_message_does_no_harm() -> None:
    """The node must not fail for it, and the next message is tried again."""
    inbox = Inbox(BlockingIOError())
    manager = ServiceManager("/run/notify", lambda: 0, inbox)
    manager.ready()
    inbox.error = None
    manager.ready()
    assert len(inbox.messages) == 1


def test_listener_that_left_is_forgotten() -> None:
    """kong start goes once the node is ready, and takes its socket with it."""
    inbox = Inbox(FileNotFoundError())
    manager = ServiceManager("/run/notify", lambda: 0, inbox)
    manager.ready()
    inbox.error = None
    manager.ready()
    assert inbox.messages == []


def test_watchdog_beats_three_times_within_its_timeout() -> None:
    """On the reactor's clock, so that a stalled loop misses its beats; none after the stop."""
    clock, inbox = Clock(), Inbox()
    watchdog = Watchdog(ServiceManager("x", lambda: 0, inbox), 30, clock)
    watchdog.startService()
    clock.pump([10, 10, 10])
    assert len(inbox.messages) == 4
    watchdog.stopService()
    clock.advance(60)
    assert len(inbox.messages) == 4


@pytest.mark.parametrize(
    ("environment", "timeout"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog_timeout(environment: dict[str, str], timeout: float | None) -> None:
    """Only a positive time that is meant for this process counts."""
    assert watchdog_timeout(environment, 7) == timeout
