"""Tests of logging many changes in portions."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, success_of
from twisted_kong.core.changes import Change
from twisted_kong.db.interfaces import Commit
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.portions import PORTION, Logged
from twisted_kong.db.transaction import Draft

COMMIT = Commit((), "me", 5.0, "alice")


class Sent:
    """A transaction that keeps what it is asked."""

    def __init__(self) -> None:
        self.parameters: list[tuple[Any, ...]] = []

    async def run(self, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        self.parameters.append(parameters)
        return []


def logged(count: int) -> Logged:
    """So many changes, with tags that count them."""
    tags = iter(f"{number:08x}" for number in range(count))
    drafts = [Draft("services", "create", str(number), ()) for number in range(count)]
    return Logged(drafts, COMMIT, lambda: next(tags))


def changes_of(logging: Logged, last: int, clock: Clock) -> Deferred[tuple[Change, ...]]:
    """What they become."""
    return Deferred.fromCoroutine(logging.changes(last, clock))


def test_few_are_logged_with_the_commit() -> None:
    """Nothing is sent before, and nothing at all where nothing changed."""
    sent = Sent()
    lock, append = success_of(logged(PORTION).sent(sent, "channel"))
    assert "lock" in lock.text
    assert len([each for each in append.parameters if isinstance(each, tuple)]) == PORTION
    assert success_of(logged(0).sent(sent, "channel")) == []
    assert sent.parameters == []


def test_many_are_sent_ahead() -> None:
    """What is sent with the commit only says how many portions there are."""
    sent = Sent()
    _, append = success_of(logged(2 * PORTION + 1).sent(sent, "channel"))
    assert len(sent.parameters) == 3
    assert 3 in append.parameters
    assert len(str(append.parameters)) < 100


def test_all_have_become_changes() -> None:
    """With consecutive numbers and their own tags; others have their turn between portions."""
    clock = Clock()
    logging = logged(PORTION + 2)
    success_of(logging.sent(Sent(), "channel"))
    becoming = changes_of(logging, 1000, clock)
    no_result(becoming)
    clock.advance(0)
    changes = success_of(becoming)
    assert [change.position for change in changes] == [
        LogPosition(1000 - PORTION - 1 + number, f"{number:08x}") for number in range(PORTION + 2)
    ]
    assert [change.id for change in changes] == [str(number) for number in range(PORTION + 2)]
    assert changes[0].author == "alice"
