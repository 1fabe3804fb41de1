"""How many requests each client has made in its present windows; bounded, whatever clients send."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

from twisted_kong.plugins.rate_limiting.windows import LENGTHS

Key = tuple[str, str]
"""What a limit is bound to, and whose requests are counted."""

_MOST = 100_000
_LONGEST = 128
# A request may have begun so many seconds before a window that others have already counted in.
_LATEST = 600


class Counters:
    """The counts of this process; the client not seen for longest is forgotten when there are too many.

    :param most: how many clients are remembered, at about 650 bytes each.
    """

    __slots__ = ("_counts", "_most")

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._counts: OrderedDict[Key, list[int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def used(self, key: Key, periods: Sequence[int], starts: Sequence[int]) -> list[int]:
        """The windows of a client: for period ``n`` its start at ``2 * n`` and its requests at ``2 * n + 1``.

        Only those of the periods asked for are up to date; the caller counts by adding to them.
        A request that began in an older window than one already seen is counted in the newer one, unless that
        lies so far ahead that the clock must have been put back.
        """
        if len(key[1]) > _LONGEST:
            key = (key[0], _digest(key[1]))
        windows = self._counts.get(key)
        if windows is None:
            windows = self._counts[key] = [0] * (2 * len(LENGTHS))
            if len(self._counts) > self._most:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(key)
        for period in periods:
            start, place = starts[period], 2 * period
            ahead = windows[place] - start
            if ahead and (ahead < 0 or ahead > LENGTHS[period] + _LATEST):
                windows[place], windows[place + 1] = start, 0
        return windows


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
