"""Ids of requests: 32 hexadecimal digits, unguessable, drawn from the system in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

_BULK = 256
_DIGITS = 32


def request_ids(random_bytes: Callable[[int], bytes]) -> Iterator[str]:
    """An endless supply; ``random_bytes`` is ``os.urandom`` outside of tests."""
    # Chained, since a generator would have to be entered for each of them.
    return chain.from_iterable(_drawn(random_bytes))


def _drawn(random_bytes: Callable[[int], bytes]) -> Iterator[list[str]]:
    while True:
        digits = random_bytes(_BULK * _DIGITS // 2).hex()
        yield [digits[start : start + _DIGITS] for start in range(0, len(digits), _DIGITS)]
