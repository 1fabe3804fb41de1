from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.health.checks import Event, Limits
from twisted_kong.core.health.standing import Address, Standing, Standings

ONE = Address("a.test", "192.0.2.1", 80)
TWO = Address("a.test", "192.0.2.2", 80)


def limits(successes: int = 0, http: int = 0, tcp: int = 0, timeouts: int = 0) -> Limits:
    return Limits((successes, http, tcp, timeouts), frozenset(), frozenset())


class Naive:
    """Kong's rules word by word: four named states, four counters that only an opposite event sets to 0."""

    def __init__(self) -> None:
        self.state = "healthy"
        self.counters = dict.fromkeys(Event, 0)

    def report(self, event: Event, limits: Limits) -> None:
        if limits.counts[event] == 0:
            return
        wanted = "healthy" if event is Event.SUCCESS else "unhealthy"
        if self.state == wanted:
            return
        self.counters[event] += 1
        for other in Event:
            if (other is Event.SUCCESS) != (event is Event.SUCCESS):
                self.counters[other] = 0
        failures = sum(count for each, count in self.counters.items() if each is not Event.SUCCESS)
        if self.counters[event] >= limits.counts[event]:
            self.state = wanted
        elif self.state == "healthy" and failures > 0:
            self.state = "mostly_healthy"
        elif self.state == "unhealthy" and self.counters[Event.SUCCESS] > 0:
            self.state = "mostly_unhealthy"

    def set(self, healthy: bool) -> None:
        self.state = "healthy" if healthy else "unhealthy"
        self.counters = dict.fromkeys(Event, 0)


some_limits = st.builds(limits, *(st.integers(0, 4) for _ in range(4)))
steps = st.lists(st.one_of(st.tuples(st.sampled_from(Event), st.booleans()), st.booleans()), max_size=60)


@given(some_limits, some_limits, steps)
def test_the_states_are_those_of_kongs_rules(active: Limits, passive: Limits, happening: object) -> None:
    """Whatever is reported by whichever check, and set by hand between: state for state as Kong has it."""
    naive, standings = Naive(), Standings()
    for step in happening:  # type: ignore[attr-defined]
        before = naive.state.endswith("unhealthy")
        if isinstance(step, tuple):
            event, by_probe = step
            naive.report(event, active if by_probe else passive)
            changed = standings.report(ONE, event, active if by_probe else passive)
        else:
            naive.set(step)
            changed = standings.set(ONE, step)
        assert standings.state(ONE) == naive.state
        assert standings.available(ONE) is not naive.state.endswith("unhealthy")
        assert changed is (naive.state.endswith("unhealthy") is not before)


@given(st.sampled_from(list(Event)[1:]), st.integers(1, 255))
def test_out_exactly_after_the_configured_failures(event: Event, count: int) -> None:
    """Not one failure sooner, and not one later."""
    each = limits(0, count, count, count)
    standing = Standing()
    for _ in range(count - 1):
        assert not standing.report(event, each)
        assert standing.healthy
    assert standing.report(event, each)
    assert not standing.healthy
    assert not standing.report(event, each)


@given(st.integers(1, 255))
def test_back_exactly_after_the_configured_successes(count: int) -> None:
    """Not one success sooner, and not one later."""
    standing = Standing()
    standing.set(False)
    each = limits(count, 1, 1, 1)
    for _ in range(count - 1):
        assert not standing.report(Event.SUCCESS, each)
        assert not standing.healthy
    assert standing.report(Event.SUCCESS, each)
    assert standing.healthy


def test_kinds_of_failures_are_not_added_up() -> None:
    """Each has a count of its own."""
    standing, each = Standing(), limits(0, 2, 2, 2)
    for event in (Event.HTTP_FAILURE, Event.TCP_FAILURE, Event.TIMEOUT):
        assert not standing.report(event, each)
    assert standing.report(Event.TCP_FAILURE, each)


def test_a_success_forgets_failures_only_where_successes_count() -> None:
    """Kong: with a limit of 0 a success is ignored, so failures add up across successes."""
    for successes, out in ((0, True), (1, False)):
        standing, each = Standing(), limits(successes, 2)
        for event in (Event.HTTP_FAILURE, Event.SUCCESS, Event.HTTP_FAILURE):
            standing.report(event, each)
        assert standing.healthy is not out


def test_a_failure_between_successes_begins_anew() -> None:
    """Successes count in a row only."""
    standing, each = Standing(), limits(2, 3)
    standing.set(False)
    for event in (Event.SUCCESS, Event.HTTP_FAILURE, Event.SUCCESS):
        standing.report(event, each)
    assert standing.state == "mostly_unhealthy"
    standing.report(Event.SUCCESS, each)
    assert standing.state == "healthy"


def test_only_the_others_are_forgotten() -> None:
    """What stays keeps its state; what comes back begins anew."""
    standings = Standings()
    for address in (ONE, TWO):
        standings.set(address, False)
    standings.keep(ONE.__eq__)
    assert not standings.available(ONE)
    assert standings.available(TWO)
    assert standings.state(TWO) == "healthy"


def test_nothing_is_kept_of_the_spotless() -> None:
    """Addresses without failures cost nothing, however many they are."""
    standings = Standings()
    each = limits(2, 2)
    standings.report(ONE, Event.SUCCESS, each)
    standings.report(TWO, Event.HTTP_FAILURE, each)
    standings.report(TWO, Event.SUCCESS, each)
    standings.report(TWO, Event.SUCCESS, each)
    assert not standings._known
