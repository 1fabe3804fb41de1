"""The lean epoll reactor: Twisted's own, without a log context around every event.

Stock dispatch enters a logging context for each readable or writable descriptor, which costs more than
reading it.  Here plain events go straight to the selectable; everything unusual (errors, hang-ups, both at
once) takes the stock way.  And a turn of the stock loop looks after timers, threads and the end each time;
here they are looked after when there is something to do, which matters when events come one by one.

What the events of one turn write is sent after the last of them, in portions: see
:mod:`twisted_kong.proxy.transport`.

Timers measure time, not dates.  Twisted keeps them by the wall clock, so that setting it back by an hour
would stop all polling, and the beats that systemd waits for, for an hour; here they move with the clock.
"""

from __future__ import annotations

import errno
import select
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor
from twisted.logger import Logger
from typing_extensions import override

_READABLE = select.EPOLLIN
_WRITABLE = select.EPOLLOUT
# Seconds; epoll takes milliseconds as an int.
_LONGEST = 2147483.0
# Seconds by which the wall clock may stray before timers follow it.
_STRAY = 0.5
# Events after which is sent what they wrote: the more, the fewer wake-ups, and the later.
_PORTION = 64


class Gathering(Protocol):
    """A transport that has something to send at the end of a turn."""

    def send_gathered(self) -> None:
        """Send it."""
        ...


class LeanReactor(EPollReactor):
    """An epoll reactor that spends as little as possible between the kernel and a protocol.

    ``unsent`` are the transports that shall send when the present events are handled; None while there is no
    other event to wait for, so that a write goes out at once.
    """

    _logger = Logger()
    unsent: list[Gathering] | None = None

    def __init__(self) -> None:
        super().__init__()
        # The wall clock's lead on the one that nobody can set.
        self._lead = self._first_lead = self.seconds() - monotonic()
        # Told by how many seconds the wall clock was set, for whoever keeps moments to come.
        self.clock_watchers: list[Callable[[float], object]] = []

    def steady_seconds(self) -> float:
        """What :meth:`seconds` would tell had nobody set the wall clock since the start."""
        return monotonic() + self._first_lead

    @override
    def mainLoop(self) -> None:
        """Turn until the reactor stops."""
        while self._started:
            try:
                self._follow_clock()
                self.runUntilCurrent()
                wait = self.timeout()
                self.doPoll(wait if self.running else 0)
                while self._only_events():
                    self.doPoll(self._until_next_call())
            except BaseException:
                self._logger.failure("unexpected error in the main loop")

    def _only_events(self) -> bool:
        """Whether nothing but descriptors needs a turn: no timer, no other thread, no end."""
        if self.threadCallQueue or self._newTimedCalls or self._justStopped or not self.running:
            return False
        calls = self._pendingTimedCalls
        if not calls:
            return True
        now = self._follow_clock()
        return calls[0].time > now

    def _follow_clock(self) -> float:
        """The wall clock's seconds; where it was set, what was due in five seconds still is."""
        now = self.seconds()
        step = now - monotonic() - self._lead
        if not -_STRAY < step < _STRAY:
            self._lead += step
            for call in (*self._pendingTimedCalls, *self._newTimedCalls):
                call.time += step
            for watcher in self.clock_watchers:
                watcher(step)
        return now

    def _until_next_call(self) -> float | None:
        calls = self._pendingTimedCalls
        return min(max(0.0, calls[0].time - self.seconds()), _LONGEST) if calls else None

    @override
    def doPoll(self, timeout: float | None) -> None:
        """Wait for events and hand them out; with several, what they write is sent after the last."""
        events = self._wait(timeout)
        if len(events) < 2:
            self._hand_out(events)
            return
        events = self._in_order(events)
        for start in range(0, len(events), _PORTION):
            unsent = self.unsent = []
            self._hand_out(events[start : start + _PORTION])
            # What sending leads to – a producer is paused – may write too, and that at once.
            self.unsent = None
            for transport in unsent:
                try:
                    transport.send_gathered()
                except BaseException:
                    self._logger.failure("unhandled error in a connection")

    def _in_order(self, events: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those of connections that we made before all others.

        What is under way is finished before anything new begins, and the same code runs many times in a row,
        which the processor's caches like: 5 µs of 65 a request.
        """
        selectables = self._selectables
        made: list[tuple[int, int]] = []
        others: list[tuple[int, int]] = []
        for event in events:
            try:
                ours = selectables[event[0]].is_ours
            except (KeyError, AttributeError):
                # Gone meanwhile, or no connection: a port, or what wakes the reactor up.
                ours = False
            (made if ours else others).append(event)
        return made + others

    def _hand_out(self, events: list[tuple[int, int]]) -> None:
        selectables = self._selectables
        for fd, event in events:
            selectable = selectables.get(fd)
            if selectable is None:
                continue
            if event == _READABLE:
                try:
                    why = selectable.doRead()
                except BaseException:
                    why = self._failed()
                if why:
                    self._disconnectSelectable(selectable, why, True)
            elif event == _WRITABLE:
                try:
                    why = selectable.doWrite()
                except BaseException:
                    why = self._failed()
                if why:
                    self._disconnectSelectable(selectable, why, False)
            else:
                self._unusual(selectable, fd, event)

    def _wait(self, timeout: float | None) -> list[tuple[int, int]]:
        try:
            events: list[tuple[int, int]] = self._poller.poll(
                -1 if timeout is None else timeout, len(self._selectables)
            )
            return events
        except OSError as error:
            if error.errno == errno.EINTR:
                return []
            raise

    def _failed(self) -> Any:
        """Log what a selectable raised; it is about to lose its connection."""
        self._logger.failure("unhandled error in a connection")
        return sys.exc_info()[1]

    def _unusual(self, selectable: Any, fd: int, event: int) -> None:
        try:
            self._doReadOrWrite(selectable, fd, event)
        except BaseException:
            self._logger.failure("unhandled error in the reactor")

    doIteration = doPoll  # noqa: N815 - Twisted's name


def install() -> LeanReactor:
    """Make it the reactor of this process; must come before anything imports ``twisted.internet.reactor``."""
    reactor = LeanReactor()
    installReactor(reactor)
    return reactor
