"""A regular call keeps its rhythm and its bound."""

from __future__ import annotations

from twisted.internet.task import Clock

from twisted_kong.node.rhythm import Rhythm


class Beats:
    """A rhythm of 4 s and the times at which it called."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.at: list[float] = []
        self.rhythm = Rhythm(self.clock, 4.0, lambda: self.at.append(self.clock.seconds()))


def test_the_first_call_comes_after_a_part() -> None:
    """From then on the calls are an interval apart."""
    beats = Beats()
    beats.rhythm.start(0.25)
    beats.clock.pump([0.5] * 24)
    assert beats.at == [1, 5, 9]


def test_without_chance_a_whole_interval_passes() -> None:
    """The first call comes after the interval, and never later."""
    beats = Beats()
    beats.rhythm.start()
    beats.clock.pump([0.5] * 18)
    assert beats.at == [4, 8]


def test_late_calls_shift_nothing() -> None:
    """Calls that were missed are made up for by one, and the next comes in step."""
    beats = Beats()
    beats.rhythm.start()
    beats.clock.advance(13)
    beats.clock.advance(2.5)
    beats.clock.advance(0.5)
    assert beats.at == [13, 16]


def test_a_clock_that_goes_back_delays_by_one_interval_at_most() -> None:
    """The bound holds on a clock that was set back as well."""
    beats = Beats()
    beats.clock.advance(1000)
    beats.rhythm.start()
    beats.clock.rightNow = 500.0
    beats.clock.advance(504)
    beats.clock.rightNow -= 600
    beats.clock.advance(600)
    assert len(beats.at) == 1
    beats.clock.advance(4)
    assert len(beats.at) == 2


def test_stopping() -> None:
    """After the stop nothing is called and no timer is left, be it in a call or between two."""
    beats = Beats()
    beats.rhythm.stop()
    beats.rhythm.start()
    beats.rhythm.stop()
    within = Rhythm(beats.clock, 4.0, lambda: within.stop())
    within.start()
    beats.clock.advance(4)
    assert (beats.at, beats.clock.getDelayedCalls()) == ([], [])
