"""Turns of those who want whole documents compared."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred

from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.admin.failures import Refused, answer_for
from twisted_kong.admin.trials import MOST_WAITING, Trials


async def _held(trials: Trials, end: Deferred[None]) -> None:
    async with trials.turn():
        await end


def test_one_after_the_other_and_a_few_may_wait() -> None:
    """Whoever comes when too many wait is told to come again: each that waits keeps a document in memory."""
    trials = Trials()
    ends: list[Deferred[None]] = [Deferred() for _ in range(MOST_WAITING + 1)]
    works = [ensureDeferred(_held(trials, end)) for end in ends]
    refused = failure_of(ensureDeferred(_held(trials, Deferred())))
    assert isinstance(refused, Refused)
    answer = answer_for(refused, writing=False)
    assert answer is not None
    assert (answer.status, answer.headers) == (429, (("Retry-After", "2"),))
    assert b"4 documents wait to be compared already; try again later" in answer.body
    no_result(works[1])
    for end, work in zip(ends, works, strict=True):
        end.callback(None)
        success_of(work)
    last: Deferred[None] = Deferred()
    work = ensureDeferred(_held(trials, last))
    last.callback(None)
    success_of(work)
