"""Methods run without a Deferred unless they wait, and waiting ones see results, errors and their end."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from tests.kit.deferreds import failure_of, no_result, started, success_of
from twisted_kong.core.context import Answer
from twisted_kong.pdk.call import Exit
from twisted_kong.pdk.driving import begin


def test_what_does_not_wait_is_done() -> None:
    """Plain values, coroutines that end by themselves, and results that are there need no waiting."""
    seen = []

    async def quick() -> str:
        seen.append(await succeed("ready"))
        return "ignored"

    assert begin(None) is None
    assert begin("value") is None
    assert begin(quick()) is None
    assert seen == ["ready"]


def test_what_raises_at_once_raises_here() -> None:
    """Errors and exits before the first wait come out directly."""

    async def fails() -> None:
        raise KeyError("x")

    async def exits() -> None:
        raise Exit(Answer(200))

    with pytest.raises(KeyError):
        begin(fails())
    with pytest.raises(Exit):
        begin(exits())


def test_waiting_several_times() -> None:
    """Each wait gets its own result; an error can be caught and waiting go on."""
    gates: list[Deferred[Any]] = [Deferred(), Deferred(), Deferred()]
    seen: list[Any] = []

    async def method() -> None:
        seen.append(await gates[0])
        try:
            await gates[1]
        except ValueError as error:
            seen.append(str(error))
        seen.append(await gates[2])

    waiting = begin(method())
    assert waiting is not None
    done = started(waiting)
    gates[0].callback(1)
    gates[1].errback(ValueError("two"))
    no_result(done)
    gates[2].callback(3)
    assert success_of(done) is None
    assert seen == [1, "two", 3]


def test_ending_after_a_wait() -> None:
    """An error or an exit after a wait reaches who waits for the method."""
    gate: Deferred[None] = Deferred()

    async def exits() -> None:
        await gate
        raise Exit(Answer(418))

    done = started(begin(exits()))  # type: ignore[arg-type]
    gate.callback(None)
    ended = failure_of(done, Exit)
    assert isinstance(ended, Exit)
    assert ended.answer.status == 418


def test_a_plain_function_may_return_a_deferred() -> None:
    """It is waited for like a coroutine."""
    gate: Deferred[None] = Deferred()
    done = started(begin(gate))  # type: ignore[arg-type]
    no_result(done)
    gate.callback(None)
    success_of(done)
