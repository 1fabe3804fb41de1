"""Names to addresses."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, success_of
from tests.kit.logs import caught_failures
from twisted_kong.core.names.records import Looked, Place
from twisted_kong.node.dns import NameFailure, Resolver
from twisted_kong.node.lookups import NoAnswer, NoSuchName


class Names:
    """Lookups that end when told to."""

    def __init__(self) -> None:
        self.asked: list[Deferred[Looked]] = []

    def __call__(self, host: str) -> Deferred[Looked]:
        asked: Deferred[Looked] = Deferred()
        self.asked.append(asked)
        return asked

    def answer(self, *addresses: str, ttl: float | None = 10.0) -> None:
        """Answer the oldest question."""
        self.asked.pop(0).callback(Looked(addresses, ttl))

    def fail(self, error: Exception) -> None:
        """Fail it."""
        self.asked.pop(0).errback(error)


def world(**settings: Any) -> tuple[Clock, Names, Resolver]:
    """Answers may be served stale for 100 s."""
    clock, names = Clock(), Names()
    settings = {"stale_ttl": 100.0, "not_found_ttl": 5.0, "error_ttl": 1.0, "size": 3, **settings}
    return clock, names, Resolver(names, clock, **settings)


def test_addresses_need_no_lookup() -> None:
    """Both families, at once."""
    _, names, resolve = world()
    assert resolve("127.0.0.1") == ("127.0.0.1",)
    assert resolve("::1") == ("::1",)
    assert names.asked == []


def test_many_wait_for_one_lookup() -> None:
    """And afterwards nobody waits."""
    _, names, resolve = world()
    waiting: list[Any] = [resolve("a.test") for _ in range(3)]
    assert len(names.asked) == 1
    names.answer("10.0.0.1", "10.0.0.2", "10.0.0.1")
    for waiter in waiting:
        assert success_of(waiter) == ("10.0.0.1", "10.0.0.2")
    assert resolve("a.test") == ("10.0.0.1", "10.0.0.2")
    assert names.asked == []


def test_an_old_answer_serves_until_the_new_one_is_there() -> None:
    """A slow name server delays nobody; but not for ever."""
    clock, names, resolve = world()
    resolve("a.test")
    names.answer("10.0.0.1")
    clock.advance(9.9)
    assert resolve("a.test") == ("10.0.0.1",)
    assert names.asked == []
    clock.advance(1)
    assert resolve("a.test") == ("10.0.0.1",)
    assert resolve("a.test") == ("10.0.0.1",)
    assert len(names.asked) == 1
    names.answer("10.0.0.9")
    assert resolve("a.test") == ("10.0.0.9",)
    clock.advance(111)
    waiter: Any = resolve("a.test")
    assert not waiter.called
    names.answer("10.0.0.10")
    assert success_of(waiter) == ("10.0.0.10",)


@pytest.mark.parametrize(
    ("told", "settings", "fresh"),
    [(None, {}, 30), (None, {"ttl": 7}, 7), (3, {}, 3), (3, {"valid_ttl": 8}, 8)],
)
def test_how_long_an_answer_is_fresh(told: float | None, settings: dict[str, float], fresh: float) -> None:
    """As long as it says, unless it is configured; what says nothing, for a while."""
    clock, names, resolve = world(**settings)
    resolve("a.test")
    names.answer("10.0.0.1", ttl=told)
    clock.advance(fresh - 0.1)
    resolve("a.test")
    assert names.asked == []
    clock.advance(0.2)
    resolve("a.test")
    assert len(names.asked) == 1


def test_that_a_name_does_not_exist_is_remembered() -> None:
    """At once, for ``not_found_ttl``, however good the old answer was."""
    clock, names, resolve = world()
    resolve("a.test")
    names.answer("10.0.0.1")
    clock.advance(11)
    resolve("a.test")
    names.fail(NoSuchName("a.test"))
    for _ in range(2):
        with pytest.raises(NameFailure) as raised:
            resolve("a.test")
        assert raised.value.missing
        clock.advance(4.9)
    clock.advance(0.2)
    again: Any = resolve("a.test")
    names.answer()
    failure_of(again, NameFailure)


def test_an_outage_is_bridged_by_old_answers() -> None:
    """For ``stale_ttl``; meanwhile it is asked every ``error_ttl``, and whoever waits is told the truth."""
    clock, names, resolve = world()
    waiter: Any = resolve("new.test")
    names.fail(NoAnswer("time-out"))
    assert not failure_of(waiter, NameFailure).missing
    with pytest.raises(NameFailure):
        resolve("new.test")
    resolve("a.test")
    names.answer("10.0.0.1")
    clock.advance(11)
    for _ in range(3):
        assert resolve("a.test") == ("10.0.0.1",)
        names.fail(NoAnswer("time-out"))
        assert resolve("a.test") == ("10.0.0.1",)
        assert names.asked == []
        clock.advance(1.1)
    clock.advance(100)
    last: Any = resolve("a.test")
    names.fail(NoAnswer("time-out"))
    failure_of(last, NameFailure)


def test_what_breaks_is_logged_and_counts_as_no_answer() -> None:
    """A fault of ours must not take the data path down."""
    _, names, resolve = world()
    with caught_failures() as lines:
        waiter: Any = resolve("a.test")
        names.fail(RuntimeError("broken"))
    failure_of(waiter, NameFailure)
    assert lines == ["broken"]


def test_an_answer_that_is_there_at_once() -> None:
    """As from the hosts file; what SRV records say is passed on."""
    place = Place("10.0.0.1", 81, 5, "a.test")

    async def prompt(host: str) -> Looked:
        if host == "none.test":
            raise NoSuchName(host)
        return Looked((place, "10.0.0.2"), None)

    resolve = Resolver(prompt, Clock())
    assert resolve("a.test") == (place, "10.0.0.2")
    with pytest.raises(NameFailure):
        resolve("none.test")


def test_names_remembered_are_bounded() -> None:
    """The oldest goes; whoever waits for it is still answered."""
    _, names, resolve = world()
    first: Any = resolve("0.test")
    for n in range(1, 5):
        resolve(f"{n}.test")
    assert len(resolve._entries) == 3
    names.answer("10.0.0.1")
    assert success_of(first) == ("10.0.0.1",)
