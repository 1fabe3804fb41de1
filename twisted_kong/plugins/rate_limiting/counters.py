"""How many requests each client has made in its present windows; bounded, whatever clients send.

The counts have two generations: a full one becomes the old one, and who is seen again moves to the young one.
So a request of a client that is known writes nothing but its count.
"""

from __future__ import annotations

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
    """The counts of this process; clients not seen for long are forgotten when there are too many.

    :param most: how many clients are remembered, at about 600 bytes each.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, most: int = _MOST) -> None:
        self._half = max(1, most // 2)
        self._young: dict[Key, list[int]] = {}
        self._old: dict[Key, list[int]] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def used(self, key: Key, periods: Sequence[int], starts: Sequence[int]) -> list[int]:
        """The windows of a client: for period ``n`` its start at ``2 * n`` and its requests at ``2 * n + 1``.

        Only those of the periods asked for are up to date; the caller counts by adding to them.
        A request that began in an older window than one already seen is counted in the newer one, unless that
        lies so far ahead that the clock must have been put back.
        """
        if len(key[1]) > _LONGEST:
            key = (key[0], _digest(key[1]))
        windows = self._young.get(key)
        if windows is None:
            windows = self._remember(key)
        for period in periods:
            start, place = starts[period], 2 * period
            ahead = windows[place] - start
            if ahead and (ahead < 0 or ahead > LENGTHS[period] + _LATEST):
                windows[place], windows[place + 1] = start, 0
        return windows

    def _remember(self, key: Key) -> list[int]:
        """What the old generation knows of a client, or nothing yet; from now on in the young one."""
        windows = self._old.get(key) or [0] * (2 * len(LENGTHS))
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = windows
        return windows


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
