"""The running reactor with another time: sockets and threads are real, seconds pass when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.task import Clock, LoopingCall

# Real seconds between looks for what is due now.
PUMP_SECONDS = 0.002


class SteppedReactor:
    """The reactor for whoever takes one as an argument; its time is a Clock's and begins at the real one."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._clock = Clock()
        self._clock.advance(reactor.seconds())
        self.seconds = self._clock.seconds
        self.callLater = self._clock.callLater
        self.getDelayedCalls = self._clock.getDelayedCalls
        self.advance = self._clock.advance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


@asynccontextmanager
async def stepped_time(reactor: Any) -> AsyncIterator[SteppedReactor]:
    """A reactor whose time stands; what is due at once is done all the same."""
    stepped = SteppedReactor(reactor)
    pump = LoopingCall(stepped.advance, 0)
    pump.clock = reactor
    pump.start(PUMP_SECONDS)
    try:
        yield stepped
    finally:
        pump.stop()
