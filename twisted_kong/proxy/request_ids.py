"""Ids of requests: 32 hexadecimal digits, unguessable, drawn from the system in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

_BULK = 256
_DIGITS = 32


def request_ids(random_bytes: Callable[[int], bytes]) -> Iterator[str]:
    """An endless supply; ``random_bytes`` is ``os.urandom`` outside of tests."""
    while True:
        digits = random_bytes(_BULK * _DIGITS // 2).hex()
        for start in range(0, len(digits), _DIGITS):
            yield digits[start : start + _DIGITS]
