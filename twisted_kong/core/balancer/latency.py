"""``latency``: the address that has answered fastest of late, for its weight.

Theory.  Per address a moving average of the time to the head of the answer, whose past fades by e every 10 s
(Kong: peak EWMA with ``decay_time`` 10); an address that is not asked fades towards 0, so each is asked again
some time.  The score at time t is a·exp(-(t - s)/10)/w with a the average, s when it was last told, w the
weight.  All scores fade alike, so their order is that of log(a/w) + s/10, which does not depend on t: nothing
need be computed anew when time passes.

A new address starts at the average of the others, before anything was measured all take turns.  Ours: a try
that fails counts as one of twice the average, so that a refusal, which is fast, does not attract requests.
"""

from __future__ import annotations

from math import exp, inf, log
from typing import Final

from typing_extensions import override

from twisted_kong.core.balancer.algorithm import T
from twisted_kong.core.balancer.lowest import Lowest, Scored

_FADES: Final = 10.0


class Latency(Lowest[T]):
    """Remembers how long answers take."""

    def __init__(self) -> None:
        super().__init__()
        self._now = -inf

    def average(self) -> float:
        """Seconds, over the addresses that have been measured; 0 before there is any."""
        measured = [each.ewma for each in self._known.values() if each.ewma]
        return sum(measured) / len(measured) if measured else 0.0

    @override
    def _joined(self, scored: Scored[T]) -> None:
        average = self.average()
        if average:
            scored.ewma, scored.touched = average, self._now

    @override
    def _score(self, scored: Scored[T]) -> float:
        return log(scored.ewma / scored.weight) + scored.touched / _FADES if scored.ewma > 0 else -inf

    @override
    def ended(self, value: T, took: float | None, now: float, failed: bool) -> None:
        scored = self._known.get(value)
        if scored is None or took is None:
            return
        # Who measured it may have had the clock set back meanwhile.
        took = max(took, 2 * self.average() if failed else 0.0)
        self._now = now
        # A time that goes backwards counts as one that stands still.
        kept = exp(-max(0.0, now - scored.touched) / _FADES)
        scored.ewma = scored.ewma * kept + took * (1 - kept)
        scored.touched = now
        self._push(scored)
