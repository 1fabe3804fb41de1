"""Deadlines of many connections by one delayed call."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from typing_extensions import override

from tests.kit.logs import caught_failures
from twisted_kong.proxy.wheel import GRANULARITY, Timed, Wheel


class Thing(Timed):
    """Notes when it timed out."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.at: list[float] = []

    @override
    def timed_out(self) -> None:
        self.at.append(self.clock.seconds())


def world() -> tuple[Clock, Wheel, Thing]:
    """A clock at 1000 s, a wheel, and something to time."""
    clock = Clock()
    clock.advance(1000)
    return clock, Wheel(clock), Thing(clock)


def test_a_deadline_is_met_once_and_not_before() -> None:
    """Up to the granularity late."""
    clock, wheel, thing = world()
    wheel.arm(thing, 1001.02)
    clock.advance(1.0)
    assert thing.at == []
    clock.advance(GRANULARITY + 0.021)
    assert len(thing.at) == 1
    clock.pump([1] * 5)
    assert len(thing.at) == 1
    assert clock.getDelayedCalls() == []


def test_a_deadline_moves_later_by_storing_it() -> None:
    """That is all that a request costs."""
    clock, wheel, thing = world()
    wheel.arm(thing, 1001.0)
    thing.deadline = 1010.0
    clock.advance(9.9)
    assert thing.at == []
    clock.advance(0.2)
    assert len(thing.at) == 1


def test_a_deadline_moves_earlier_by_arming() -> None:
    """The later place is left."""
    clock, wheel, thing = world()
    wheel.arm(thing, 1060.0)
    wheel.arm(thing, 1000.2)
    clock.advance(0.3)
    assert len(thing.at) == 1
    clock.advance(60)
    assert len(thing.at) == 1


def test_infinity_is_no_deadline() -> None:
    """Neither as the first nor as a later one; nothing keeps ticking for it."""
    clock, wheel, thing = world()
    wheel.arm(thing, inf)
    assert clock.getDelayedCalls() == []
    wheel.arm(thing, 1001.0)
    thing.deadline = inf
    clock.advance(2)
    assert thing.at == []
    assert clock.getDelayedCalls() == []


def test_what_is_disarmed_is_forgotten() -> None:
    """The wheel keeps no connection alive that is gone."""
    clock, wheel, thing = world()
    wheel.arm(thing, 1001.0)
    wheel.disarm(thing)
    wheel.disarm(thing)
    clock.advance(2)
    assert thing.at == []
    assert thing.slot == 0


def test_a_timeout_that_fails_harms_no_other() -> None:
    """The error is logged."""
    clock, wheel, thing = world()

    class Broken(Timed):
        @override
        def timed_out(self) -> None:
            raise RuntimeError("broken")

    wheel.arm(Broken(), 1001.0)
    wheel.arm(thing, 1001.0)
    with caught_failures() as failures:
        clock.advance(1.1)
    assert failures == ["broken"]
    assert len(thing.at) == 1


def test_a_timeout_may_arm_and_disarm() -> None:
    """Whatever a connection does to itself or others while the wheel turns."""
    clock, wheel, thing = world()
    other = Thing(clock)

    class Busy(Timed):
        @override
        def timed_out(self) -> None:
            wheel.disarm(other)
            wheel.arm(thing, clock.seconds() + 1)

    wheel.arm(Busy(), 1001.0)
    wheel.arm(other, 1001.02)
    clock.pump([0.5] * 6)
    assert len(thing.at) == 1
    assert other.at == []


def test_what_a_timeout_arms_does_not_delay_others() -> None:
    """A far deadline set while the wheel turns is not the next one."""
    clock, wheel, thing = world()

    class Far(Timed):
        @override
        def timed_out(self) -> None:
            wheel.arm(self, clock.seconds() + 60)

    wheel.arm(Far(), 1001.0)
    wheel.arm(thing, 1002.0)
    clock.advance(1.1)
    clock.advance(1.0)
    assert len(thing.at) == 1


def test_stopping_forgets_everything() -> None:
    """No call is left behind."""
    clock, wheel, thing = world()
    wheel.arm(thing, 1001.0)
    wheel.stop()
    assert clock.getDelayedCalls() == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 400)), min_size=1, max_size=40))
def test_every_deadline_is_met(orders: list[tuple[int, int]]) -> None:
    """However deadlines are moved about, the last one set is the one that is met."""
    clock, wheel, _ = world()
    things = [Thing(clock) for _ in range(4)]
    due: dict[int, float] = {}
    for index, tenths in orders:
        due[index] = clock.seconds() + tenths / 10
        wheel.arm(things[index], due[index])
        clock.advance(0.01)
        if due[index] <= clock.seconds() + GRANULARITY:
            clock.advance(2 * GRANULARITY)
    clock.pump([GRANULARITY] * 900)
    for index, deadline in due.items():
        assert things[index].at
        assert deadline - 1e-6 <= things[index].at[-1] <= deadline + 3 * GRANULARITY
    assert clock.getDelayedCalls() == []


@given(st.sampled_from([-500.0, 500.0]), st.sampled_from([1.0, 90.0]))
def test_deadlines_move_with_the_clock(step: float, wait: float) -> None:
    """Whoever has some seconds left has as many when the clock is set, no more and no fewer."""
    clock, wheel, thing = world()
    never = Thing(clock)
    wheel.arm(never, 1002.0)
    never.deadline = inf
    wheel.arm(thing, 1000.0 + wait)
    clock.rightNow += step
    wheel.move(step)
    clock.advance(wait - 0.1)
    assert thing.at == []
    clock.advance(0.2)
    assert len(thing.at) == 1
    assert never.at == []
    assert clock.getDelayedCalls() == []
