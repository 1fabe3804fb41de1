"""Running a plugin's method, plain function or coroutine, at the cost of what it really does.

A coroutine is first run as far as it goes by itself; most end there and never meet a Deferred.
Only one that really waits is wrapped up to be awaited.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from types import CoroutineType
from typing import Any

from twisted.internet.defer import Deferred

from twisted_kong.pdk.call import Exit

Waiting = Coroutine[Any, Any, None]
"""What is left of a method that waits."""


def begin(result: object) -> Waiting | None:
    """Run what a method returned until it waits; None if it is done.

    Whatever the coroutine raises before it waits is raised here.
    """
    if isinstance(result, CoroutineType):
        try:
            yielded = result.send(None)
        except StopIteration:
            return None
        return _finish(result, yielded)
    if isinstance(result, Deferred | Awaitable):
        return _wait(result)
    return None


async def _wait(awaitable: Awaitable[object]) -> None:
    await awaitable


async def _finish(coroutine: Coroutine[Any, Any, Any], yielded: Any) -> None:
    """Await on behalf of a coroutine that was started by hand and has yielded what it waits for."""
    while True:
        try:
            value = await yielded
        except (Exception, Exit) as error:
            resume: Any = coroutine.throw
            argument: Any = error
        else:
            resume = coroutine.send
            argument = value
        try:
            yielded = resume(argument)
        except StopIteration:
            return
