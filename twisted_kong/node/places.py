"""So many reads of the database at a time: first come, first served, and nobody waits for ever.

Without a bound a cache that has lost everything asks the database once for each key that requests name, all
at the same time, and whatever else the node has to ask stands behind them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

# Seconds that a read waits for its place, and that one that hangs keeps it.
PATIENCE: Final = 10.0
# More than this do not wait.
LIMIT: Final = 10_000

# Whether what runs is itself a read: what it asks for needs no place, or it would wait for its own.
_READING: ContextVar[bool] = ContextVar("reading", default=False)

# Begins a read; fires, never with an error, when it has ended.
Begin = Callable[[], Deferred[None]]


@dataclass(slots=True, eq=False)
class _Turn:
    begin: Begin
    give_up: Callable[[], None]
    asked: float


class Places:
    """Lets reads begin.

    :param count: how many are under way at most; one that takes longer than ``patience`` seconds is no
        longer counted, for it may hang.
    :param spare: gives a read that nobody waits for, or None; asked when a place is free and nobody waits.
    """

    def __init__(
        self, clock: IReactorTime, count: int, spare: Callable[[], Begin | None], patience: float = PATIENCE
    ) -> None:
        self._clock, self._count, self._spare, self._patience = clock, count, spare, patience
        self._queue: deque[_Turn] = deque()
        # When each read under way has begun; the oldest first.
        self._taken: dict[object, float] = {}
        self._timer: IDelayedCall | None = None
        self._advancing = False

    @property
    def taken(self) -> int:
        """How many reads are under way."""
        return len(self._taken)

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._queue)

    def ask(self, begin: Begin, give_up: Callable[[], None]) -> None:
        """Begin a read now or when it is its turn; give it up instead if that does not come in time."""
        if _READING.get():
            begin()
        elif self._queue or self.taken >= self._count:
            if len(self._queue) >= LIMIT:
                give_up()
                return
            self._queue.append(_Turn(begin, give_up, self._clock.seconds()))
            self._watch()
        else:
            self._occupy(begin)

    def advance(self) -> None:
        """Give the free places away: to those who wait, else to what is spare."""
        if self._advancing:
            return
        self._advancing = True
        while self.taken < self._count:
            begin = self._queue.popleft().begin if self._queue else self._spare()
            if begin is None:
                break
            self._occupy(begin)
        self._advancing = False
        self._watch()

    def _occupy(self, begin: Begin) -> None:
        place = object()
        self._taken[place] = self._clock.seconds()
        token = _READING.set(True)
        try:
            begun = begin()
        finally:
            _READING.reset(token)
        begun.addCallback(lambda _: self._leave(place))

    def _leave(self, place: object) -> None:
        if self._taken.pop(place, None) is not None:
            self.advance()

    def _watch(self) -> None:
        """Look again when the first of those who wait, or who are waited for, has run out of patience."""
        if self._queue and self._timer is None:
            oldest = min(self._queue[0].asked, next(iter(self._taken.values()), self._queue[0].asked))
            due = max(0.0, oldest + self._patience - self._clock.seconds())
            self._timer = self._clock.callLater(due, self._look)
        elif not self._queue and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        before = self._clock.seconds() - self._patience
        for place in [place for place, begun in self._taken.items() if begun <= before]:
            del self._taken[place]
        self.advance()
        while self._queue and self._queue[0].asked <= before:
            self._queue.popleft().give_up()
        self._watch()
