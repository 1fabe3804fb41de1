from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, success_of
from tests.kit.logs import caught_failures
from twisted_kong.service.configuring import SETTLE_SECONDS, Configuring


class Phase:
    """A configure phase that counts its runs and waits when a test says so."""

    def __init__(self) -> None:
        self.runs = 0
        self.waiting: Deferred[None] | None = None
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error
        if self.waiting is not None:
            await self.waiting


def begun(clock: Clock, phase: Phase) -> Configuring:
    """One whose plugins have been told once."""
    configuring = Configuring(clock)
    success_of(configuring.begin(phase))
    return configuring


def test_the_start_waits_for_the_plugins() -> None:
    """No request is served before the plugins know their configurations."""
    phase = Phase()
    phase.waiting = Deferred()
    begun = Deferred.fromCoroutine(Configuring(Clock()).begin(phase))
    no_result(begun)
    phase.waiting.callback(None)
    success_of(begun)


def test_changes_before_the_start_are_part_of_it() -> None:
    """What is loaded at the start is not told twice."""
    clock, phase = Clock(), Phase()
    configuring = Configuring(clock)
    configuring.changed()
    assert clock.getDelayedCalls() == []
    success_of(configuring.begin(phase))
    assert phase.runs == 1


def test_changes_that_come_together_are_told_once() -> None:
    """A declarative import of a thousand rows does not run the phase a thousand times."""
    clock, phase = Clock(), Phase()
    configuring = begun(clock, phase)
    for _ in range(3):
        configuring.changed()
    assert phase.runs == 1
    clock.advance(SETTLE_SECONDS)
    assert phase.runs == 2
    assert clock.getDelayedCalls() == []


def test_a_change_while_plugins_are_told_is_told_afterwards() -> None:
    """The phase never runs twice at once, and never misses a change."""
    clock, phase = Clock(), Phase()
    waiting: Deferred[None] = Deferred()
    configuring = begun(clock, phase)
    phase.waiting = waiting
    configuring.changed()
    clock.advance(SETTLE_SECONDS)
    configuring.changed()
    clock.advance(SETTLE_SECONDS)
    assert phase.runs == 2
    phase.waiting = None
    waiting.callback(None)
    clock.advance(SETTLE_SECONDS)
    assert phase.runs == 3


def test_an_error_is_logged_and_the_next_change_is_told() -> None:
    """Background work logs and goes on."""
    clock, phase = Clock(), Phase()
    configuring = begun(clock, phase)
    phase.error = ValueError("boom")
    with caught_failures() as logged:
        configuring.changed()
        clock.advance(SETTLE_SECONDS)
    assert any("boom" in line for line in logged)
    phase.error = None
    configuring.changed()
    clock.advance(SETTLE_SECONDS)
    assert phase.runs == 3


def test_nothing_is_told_after_the_stop() -> None:
    """A stopped node leaves no timer behind."""
    clock, phase = Clock(), Phase()
    configuring = begun(clock, phase)
    configuring.changed()
    configuring.stop()
    configuring.changed()
    assert clock.getDelayedCalls() == []
    assert phase.runs == 1
