"""A clock that nobody can set."""

from __future__ import annotations

from twisted.internet.task import Clock

from twisted_kong.node.steady import SteadyClock


class Settable(Clock):
    """A reactor whose wall clock can be set, and which tells how much time has passed all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.lead = 0.0

    def seconds(self) -> float:
        return float(self.rightNow) + self.lead

    def steady_seconds(self) -> float:
        return float(self.rightNow)


def test_setting_the_wall_clock_changes_nothing() -> None:
    """Its seconds are those that have passed."""
    reactor = Settable()
    clock = SteadyClock(reactor)
    reactor.lead = -3600.0
    reactor.advance(5)
    assert clock.seconds() == 5.0


def test_a_reactor_without_such_a_clock_is_believed() -> None:
    """As those of tests, and Twisted's own."""
    reactor = Clock()
    clock = SteadyClock(reactor)
    reactor.advance(5)
    assert clock.seconds() == 5.0


def test_timers_are_the_reactors() -> None:
    """It has none of its own."""
    reactor, called = Clock(), []
    clock = SteadyClock(reactor)
    call = clock.callLater(1, called.append, "x")
    assert list(clock.getDelayedCalls()) == reactor.getDelayedCalls() == [call]
    reactor.advance(1)
    assert called == ["x"]
