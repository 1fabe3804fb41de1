"""What a Deferred or a coroutine has come to, without a running reactor."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


def started(awaitable: Awaitable[T]) -> Deferred[T]:
    """The awaitable as a Deferred; a coroutine runs until it first waits."""
    if isinstance(awaitable, Deferred):
        return awaitable
    assert isinstance(awaitable, Coroutine)
    return Deferred.fromCoroutine(awaitable)


def outcome(awaitable: Awaitable[T]) -> list[Any]:
    """What it has come to: [] while it waits, else [value] or [Failure]; an error counts as seen."""
    seen: list[Any] = []
    started(awaitable).addBoth(seen.append)
    return seen


def success_of(awaitable: Awaitable[T]) -> T:
    """Its value, which must be there now."""
    seen = outcome(awaitable)
    assert seen, "no result yet"
    if isinstance(seen[0], Failure):
        seen[0].raiseException()
    value: T = seen[0]
    return value


def failure_of(awaitable: Awaitable[Any], *expected: type[BaseException]) -> BaseException:
    """Its error, which must be there now and be one of the expected."""
    seen = outcome(awaitable)
    assert seen, "no result yet"
    assert isinstance(seen[0], Failure), f"no failure but {seen[0]!r}"
    error = seen[0].value
    assert isinstance(error, expected or Exception), f"another failure: {error!r}"
    return error


def no_result(deferred: Deferred[Any]) -> None:
    """It must still wait; the Deferred remains usable."""
    seen: list[Any] = []

    def keep(result: object) -> object:
        seen.append(result)
        return result

    deferred.addBoth(keep)
    assert not seen, f"there is a result: {seen[0]!r}"
