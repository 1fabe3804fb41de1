"""The lean reactor: what it does with the events of its descriptors."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from twisted.internet.main import CONNECTION_DONE
from typing_extensions import override

from tests.kit.logs import caught_failures
from twisted_kong.proxy.reactor import LeanReactor


class Selectable:
    """One end of a pair of sockets."""

    def __init__(self, end: socket.socket, why: Any = None) -> None:
        self.end = end
        self.why = why
        self.calls: list[str] = []

    def fileno(self) -> int:
        return self.end.fileno()

    def logPrefix(self) -> str:
        return "test"

    def doRead(self) -> Any:
        self.calls.append("read")
        self.end.recv(10)
        return self._result()

    def doWrite(self) -> Any:
        self.calls.append("write")
        return self._result()

    def _result(self) -> Any:
        if isinstance(self.why, ValueError):
            raise self.why
        return self.why

    def connectionLost(self, reason: Any) -> None:
        self.calls.append(f"lost {reason.type.__name__}")


class Lab:
    """A reactor of its own, never run, with a pair of sockets."""

    def __init__(self) -> None:
        self.reactor = LeanReactor()
        self.one, self.other = socket.socketpair()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.reactor.removeAll()
        for reader in list(self.reactor._internalReaders):
            reader.connectionLost(None)
        self.reactor._poller.close()
        self.one.close()
        self.other.close()


def test_events_reach_their_selectable() -> None:
    """Readable and writable, each to its method, both at once too."""
    with Lab() as lab:
        selectable = Selectable(lab.one)
        lab.reactor.addReader(selectable)
        lab.reactor.doPoll(0)
        assert selectable.calls == []
        lab.other.send(b"x")
        lab.reactor.doPoll(1)
        assert selectable.calls == ["read"]
        lab.reactor.removeReader(selectable)
        lab.reactor.addWriter(selectable)
        lab.reactor.doPoll(1)
        assert selectable.calls == ["read", "write"]
        lab.reactor.addReader(selectable)
        lab.other.send(b"x")
        lab.reactor.doPoll(1)
        assert selectable.calls[2:] == ["read", "write"]


def test_ends_and_errors_disconnect() -> None:
    """An error is logged, never raised into the loop."""
    for why, logged in (
        (CONNECTION_DONE, 0),
        (ValueError("broken"), 1),
    ):
        for writing in (False, True):
            with Lab() as lab, caught_failures() as failures:
                selectable = Selectable(lab.one, why)
                if writing:
                    lab.reactor.addWriter(selectable)
                else:
                    lab.reactor.addReader(selectable)
                    lab.other.send(b"x")
                lab.reactor.doPoll(1)
                assert selectable.calls[-1].startswith("lost ")
                assert len(failures) == logged


def test_a_hang_up_takes_the_stock_way() -> None:
    """What is unusual is Twisted's to interpret."""
    with Lab() as lab:
        selectable = Selectable(lab.one)
        lab.reactor.addReader(selectable)
        lab.other.close()
        lab.reactor.doPoll(1)
        assert selectable.calls


def test_the_loop_serves_events_timers_threads_and_its_end() -> None:
    """Events that come one by one delay neither a timer nor what another thread asks for."""
    with Lab() as lab:
        reactor = lab.reactor
        order: list[str] = []

        class Chain(Selectable):
            """Each byte it reads makes the next one; a timer comes in between."""

            @override
            def doRead(self) -> Any:
                self.end.recv(1)
                order.append("read")
                if len(order) == 3:
                    reactor.callLater(0, order.append, "timer")
                    reactor.callFromThread(order.append, "thread")
                if len(order) > 8:
                    reactor._started = False
                    reactor.running = False
                lab.other.send(b"x")
                return None

        reactor.addReader(Chain(lab.one))
        lab.other.send(b"x")
        reactor._started = reactor.running = True
        reactor.mainLoop()
        assert order[:5] == ["read", "read", "read", "thread", "timer"]
        assert order[5:] == ["read"] * 4


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_setting_the_clock_moves_no_timer(step: float) -> None:
    """What is due soon stays so when the wall clock is set back, and what is due late when it is set on."""
    with Lab() as lab:
        reactor = lab.reactor
        fired: list[str] = []

        def end() -> None:
            fired.append("soon")
            reactor._started = reactor.running = False

        def set_clock() -> None:
            reactor.seconds = lambda: time.time() + step  # type: ignore[method-assign]

        told: list[float] = []
        reactor.clock_watchers.append(told.append)
        reactor.callLater(0.02, end)
        reactor.callLater(60, fired.append, "late")
        reactor.callLater(0, set_clock)
        lab.other.send(b"x")
        reactor.addReader(Selectable(lab.one))
        begun = time.monotonic()
        reactor._started = reactor.running = True
        reactor.mainLoop()
        assert fired == ["soon"]
        assert len(told) == 1
        assert abs(told[0] - step) < 1
        assert abs(reactor.steady_seconds() - time.time()) < 10
        assert 0.01 < time.monotonic() - begun < 10


def test_an_error_of_the_loop_does_not_end_it() -> None:
    """It is logged, and the next turn comes."""
    with Lab() as lab, caught_failures() as failures:
        reactor = lab.reactor
        reactor._started = reactor.running = True
        turns: list[int] = []

        def broken() -> None:
            turns.append(1)
            if len(turns) == 2:
                reactor._started = False
                reactor.running = False
            raise RuntimeError("broken")

        reactor.runUntilCurrent = broken  # type: ignore[method-assign]
        reactor.mainLoop()
        assert failures == ["broken", "broken"]


class Sender(Selectable):
    """Has something to send after each event."""

    is_ours = False

    def __init__(self, end: socket.socket, reactor: LeanReactor, sent: list[str], name: str) -> None:
        super().__init__(end)
        self.reactor = reactor
        self.sent = sent
        self.name = name

    @override
    def doRead(self) -> Any:
        result = super().doRead()
        self.sent.append(f"read {self.name}")
        if self.reactor.unsent is not None:
            self.reactor.unsent.append(self)
        return result

    def send_gathered(self) -> None:
        self.sent.append("sent")
        assert self.reactor.unsent is None
        raise ValueError


def test_what_is_written_is_sent_after_the_last_event() -> None:
    """With several events nobody sends before all were handled; with one there is nothing to wait for."""
    with Lab() as lab:
        done: list[str] = []
        lab.reactor.addReader(Sender(lab.one, lab.reactor, done, "one"))
        lab.reactor.addReader(Sender(lab.other, lab.reactor, done, "other"))
        lab.other.send(b"x")
        lab.reactor.doPoll(1)
        assert done == ["read one"]
        assert lab.reactor.unsent is None
        lab.one.send(b"x")
        lab.other.send(b"x")
        done.clear()
        with caught_failures() as failures:
            lab.reactor.doPoll(1)
        assert done[2:] == ["sent", "sent"]
        assert len(failures) == 2
        assert lab.reactor.unsent is None


def test_connections_that_we_made_come_first() -> None:
    """Answers are handled before new requests, whichever came first."""
    with Lab() as lab:
        done: list[str] = []
        theirs = Sender(lab.one, lab.reactor, done, "theirs")
        ours = Sender(lab.other, lab.reactor, done, "ours")
        ours.is_ours = True
        for first, second in ((theirs, ours), (ours, theirs)):
            lab.reactor.addReader(first)
            lab.reactor.addReader(second)
            lab.one.send(b"x")
            lab.other.send(b"x")
            done.clear()
            with caught_failures():
                lab.reactor.doPoll(1)
            assert done[:2] == ["read ours", "read theirs"]
            lab.reactor.removeAll()
