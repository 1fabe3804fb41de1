"""Timeouts of thousands of connections with one delayed call.

Setting a deadline is storing a number.  A connection stands in the bucket of the earliest moment at which its
deadline may have come; when that bucket is due, a connection whose deadline was moved on since is put into a
later one.  So a busy connection that moves its deadline with every request touches the buckets once in a
while only.  Deadlines are met up to ``GRANULARITY`` late, never early.
"""

from __future__ import annotations

from math import ceil, inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

# Seconds.
GRANULARITY = 0.05


class Timed:
    """What can have a deadline.

    ``deadline`` is when :meth:`timed_out` is called, in the clock's seconds; infinity for never.  It may be
    moved by storing it as long as it stays behind ``slot_time``, the time of the bucket it stands in (of
    ``slot`` 0 in none); else it needs :meth:`Wheel.arm`.
    """

    deadline: float = inf
    slot: int = 0
    slot_time: float = inf

    def timed_out(self) -> None:
        """The deadline has come; it is infinite again."""
        raise NotImplementedError


class Wheel:
    """Calls whatever is overdue; one per node."""

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._buckets: dict[int, set[Timed]] = {}
        # How many stand in a bucket.
        self._standing = 0
        self._call: IDelayedCall | None = None
        self._due = 0

    def arm(self, timed: Timed, deadline: float) -> None:
        """Set a deadline, earlier or later than the one before."""
        timed.deadline = deadline
        standing = timed.slot
        if standing:
            if timed.slot_time <= deadline:
                return
            self._take(timed)
        elif deadline == inf:
            return
        slot = ceil(deadline / GRANULARITY)
        self._put(timed, slot)
        if self._call is None or slot < self._due:
            self._schedule(slot)

    def disarm(self, timed: Timed) -> None:
        """Forget one for good: its connection is gone."""
        timed.deadline = inf
        if timed.slot:
            self._take(timed)
            timed.slot = 0
            if not self._standing:
                self.stop()

    def _take(self, timed: Timed) -> None:
        bucket = self._buckets.get(timed.slot)
        if bucket is not None and timed in bucket:
            bucket.discard(timed)
            self._standing -= 1

    def stop(self) -> None:
        """Forget every deadline."""
        self._buckets.clear()
        self._standing = 0
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def move(self, seconds: float) -> None:
        """The clock was set on by so many seconds (back, if negative): so is every deadline."""
        standing = [timed for slot, bucket in self._buckets.items() for timed in bucket if timed.slot == slot]
        self.stop()
        for timed in standing:
            timed.slot = 0
            self.arm(timed, timed.deadline + seconds)

    def _put(self, timed: Timed, slot: int) -> None:
        timed.slot = slot
        timed.slot_time = slot * GRANULARITY
        self._standing += 1
        bucket = self._buckets.get(slot)
        if bucket is None:
            self._buckets[slot] = {timed}
        else:
            bucket.add(timed)

    def _schedule(self, slot: int) -> None:
        if self._call is not None:
            self._call.cancel()
        self._due = slot
        delay = max(0.0, slot * GRANULARITY - self._clock.seconds())
        self._call = self._clock.callLater(delay, self._tick)

    def _tick(self) -> None:
        self._call = None
        now = self._clock.seconds()
        current = max(self._due, int(now / GRANULARITY))
        for slot in sorted(slot for slot in self._buckets if slot <= current):
            bucket = self._buckets.pop(slot, None) or ()
            self._standing -= len(bucket)
            for timed in bucket:
                # One that was disarmed by another's timeout is no longer of this bucket.
                if timed.slot == slot:
                    self._look(timed, now)
        if self._standing:
            first = min(slot for slot, bucket in self._buckets.items() if bucket)
            # A timeout may have armed something, but not what is due next.
            if self._call is None or first < self._due:
                self._schedule(first)
        else:
            self._buckets.clear()

    def _look(self, timed: Timed, now: float) -> None:
        timed.slot = 0
        if timed.deadline == inf:
            return
        if timed.deadline > now:
            self._put(timed, ceil(timed.deadline / GRANULARITY))
            return
        timed.deadline = inf
        try:
            timed.timed_out()
        except Exception:
            self._log.failure("a timeout could not be carried out")
