"""Races between those who write the same, and what is done by those who have lost one.

What is written was decided on what was read.  Who was overtaken reads, decides and writes again, a bounded
number of times; and the losers do so one after the other, since together they would make one another lose.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from twisted.internet.defer import DeferredLock

from twisted_kong.core.errors import DatabaseUnavailable, EntityError
from twisted_kong.db.interfaces import LostRace

T = TypeVar("T")

# How often a write that has lost once is decided anew because others were faster, before it is given up.
ATTEMPTS = 20


class Races:
    """The races of those who would make one another lose."""

    def __init__(self) -> None:
        self._losers = DeferredLock()

    async def until_won(self, attempt: Callable[[], Awaitable[T]], again: Callable[[], Awaitable[T]]) -> T:
        """What comes of the first attempt that is not overtaken.

        :param attempt: decides and writes; raises :class:`LostRace` if it was overtaken.
        :param again: the same, of what is there by now.
        :raises EntityError: that the last :class:`LostRace` came from, if it came from one.
        :raises DatabaseUnavailable: if every attempt was overtaken; nothing was written.
        """
        try:
            return await attempt()
        except LostRace:
            pass
        await self._losers.acquire()
        try:
            for _ in range(ATTEMPTS):
                try:
                    return await again()
                except LostRace as error:
                    lost = error
        finally:
            self._losers.release()
        if isinstance(lost.__cause__, EntityError):
            raise lost.__cause__
        raise DatabaseUnavailable(f"gave up after {ATTEMPTS} more attempts: others kept changing {lost}")
