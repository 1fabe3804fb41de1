"""Names to addresses."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, success_of
from twisted_kong.node.dns import NameFailure, Resolver


class Address:
    """What a resolver finds."""

    def __init__(self, host: str) -> None:
        self.host = host


class Names:
    """An IHostnameResolver that answers when told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, str]] = []

    def resolveHostName(self, receiver: Any, host: str) -> Any:  # noqa: N802 - Twisted's name
        self.asked.append((receiver, host))
        return receiver

    def answer(self, *addresses: str) -> None:
        """Answer the oldest question."""
        receiver, _ = self.asked.pop(0)
        receiver.resolutionBegan(None)
        for address in addresses:
            receiver.addressResolved(Address(address))
        receiver.resolutionComplete()


def world() -> tuple[Clock, Names, Resolver]:
    """Answers are fresh for 10 s and may be served stale for 100 s."""
    clock, names = Clock(), Names()
    return clock, names, Resolver(names, clock, ttl=10.0, stale_ttl=100.0, error_ttl=1.0, size=3)


def test_addresses_need_no_lookup() -> None:
    """Both families, at once."""
    _, names, resolve = world()
    assert resolve("127.0.0.1") == ("127.0.0.1",)
    assert resolve("::1") == ("::1",)
    assert names.asked == []


def test_many_wait_for_one_lookup() -> None:
    """And afterwards nobody waits."""
    _, names, resolve = world()
    waiting = [resolve("a.test") for _ in range(3)]
    assert len(names.asked) == 1
    names.answer("10.0.0.1", "10.0.0.2", "10.0.0.1")
    for waiter in waiting:
        assert success_of(waiter) == ("10.0.0.1", "10.0.0.2")  # type: ignore[arg-type]
    assert resolve("a.test") == ("10.0.0.1", "10.0.0.2")
    assert names.asked == []


def test_a_name_with_both_families_means_its_ipv4_addresses() -> None:
    """A server on localhost rarely listens on ::1 too; a name that has nothing else may be IPv6."""
    _, names, resolve = world()
    both, six = resolve("localhost"), resolve("six.test")
    names.answer("::1", "127.0.0.1")
    names.answer("2001:db8::1")
    assert success_of(both) == ("127.0.0.1",)  # type: ignore[arg-type]
    assert success_of(six) == ("2001:db8::1",)  # type: ignore[arg-type]


def test_an_old_answer_serves_until_the_new_one_is_there() -> None:
    """A slow name server delays nobody; but not for ever."""
    clock, names, resolve = world()
    resolve("a.test")
    names.answer("10.0.0.1")
    clock.advance(11)
    assert resolve("a.test") == ("10.0.0.1",)
    assert len(names.asked) == 1
    assert resolve("a.test") == ("10.0.0.1",)
    assert len(names.asked) == 1
    names.answer("10.0.0.9")
    assert resolve("a.test") == ("10.0.0.9",)
    clock.advance(111)
    waiter: Any = resolve("a.test")
    assert not waiter.called
    names.answer("10.0.0.10")
    assert success_of(waiter) == ("10.0.0.10",)


def test_failures_are_remembered_for_a_moment() -> None:
    """No address is a failure, told at once while it is fresh, then asked again."""
    clock, names, resolve = world()
    waiter: Any = resolve("no.test")
    names.answer()
    failure_of(waiter, NameFailure)
    with pytest.raises(NameFailure):
        resolve("no.test")
    clock.advance(1.1)
    again: Any = resolve("no.test")
    names.answer("10.0.0.1")
    assert success_of(again) == ("10.0.0.1",)


def test_a_resolver_that_answers_at_once_or_breaks() -> None:
    """Both are answers."""

    class Prompt(Names):
        def resolveHostName(self, receiver: Any, host: str) -> Any:  # noqa: N802 - Twisted's name
            super().resolveHostName(receiver, host)
            self.answer("10.0.0.1")

    assert Resolver(Prompt(), Clock())("a.test") == ("10.0.0.1",)

    class Broken(Names):
        def resolveHostName(self, receiver: Any, host: str) -> Any:  # noqa: N802 - Twisted's name
            raise RuntimeError("broken")

    with pytest.raises(NameFailure):
        Resolver(Broken(), Clock())("a.test")


def test_names_remembered_are_bounded() -> None:
    """The oldest goes; whoever waits for it is still answered."""
    _, names, resolve = world()
    first: Any = resolve("0.test")
    for n in range(1, 5):
        resolve(f"{n}.test")
    names.answer("10.0.0.1")
    assert success_of(first) == ("10.0.0.1",)
    resolve("0.test")
    assert names.asked[-1][1] == "0.test"
