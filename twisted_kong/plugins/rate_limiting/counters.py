"""How many requests each client has made in its present windows; bounded, whatever clients send."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

Key = tuple[str, str]
"""What a limit is bound to, and whose requests are counted."""

_MOST = 100_000
_LONGEST = 128


class Counters:
    """The counts of this process; the client not seen for longest is forgotten when there are too many.

    :param most: how many clients are remembered.
    """

    __slots__ = ("_counts", "_most")

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._counts: OrderedDict[Key, dict[int, list[float]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def used(
        self, key: Key, periods: Sequence[tuple[int, float, int]], starts: Sequence[int]
    ) -> list[list[float]]:
        """For each period its window as [start, requests so far]; the caller counts by adding to the latter.

        A request that began in an older window than one already seen is counted in the newer one.
        """
        if len(key[1]) > _LONGEST:
            key = (key[0], _digest(key[1]))
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = {}
            if len(self._counts) > self._most:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(key)
        windows = []
        for number, _, _ in periods:
            window = counts.get(number)
            if window is None:
                window = counts[number] = [starts[number], 0]
            elif window[0] < starts[number]:
                window[0], window[1] = starts[number], 0
            windows.append(window)
        return windows


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
