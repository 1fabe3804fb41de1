"""Logs the changes of a commit, many of them in portions, between which others have their turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from twisted_kong.core.changes import Change
from twisted_kong.db.interfaces import Commit
from twisted_kong.db.strategies.postgres import log
from twisted_kong.db.strategies.postgres.rows import ITransaction
from twisted_kong.db.strategies.postgres.statement import Statement
from twisted_kong.db.transaction import Draft

# Changes that are dealt with at a time.
PORTION = 300


class Logged:
    """The changes of one commit.

    :param new_tag: gives the chance part of a position.
    """

    def __init__(self, drafts: Sequence[Draft], commit: Commit, new_tag: Callable[[], str]) -> None:
        self._drafts, self._commit, self._new_tag = drafts, commit, new_tag
        self._tags: list[str] = []

    async def sent(self, transaction: ITransaction, channel: str) -> list[Statement]:
        """Send what is too much for one message ahead; what logs them at the commit, to be sent with it."""
        drafts = self._drafts
        if len(drafts) <= PORTION:
            return log.append(drafts, self._more_tags(len(drafts)), self._commit, channel) if drafts else []
        starts = range(0, len(drafts), PORTION)
        for portion, start in enumerate(starts, 1):
            some = drafts[start : start + PORTION]
            statement = log.note(some, self._more_tags(len(some)), start + 1, portion)
            await transaction.run(statement.text, statement.parameters)
        return log.noted(self._commit, channel, len(starts))

    async def changes(self, last: int, clock: IReactorTime) -> tuple[Change, ...]:
        """What they have become, the last of them with a number."""
        count = len(self._drafts)
        changes: list[Change] = []
        for start in range(0, count, PORTION):
            if start:
                await deferLater(clock, 0, lambda: None)
            end = min(start + PORTION, count)
            drafts, tags = self._drafts[start:end], self._tags[start:end]
            changes += log.changes_of(drafts, tags, self._commit, last - count + end)
        return tuple(changes)

    def _more_tags(self, count: int) -> list[str]:
        tags = [self._new_tag() for _ in range(count)]
        self._tags += tags
        return tags
