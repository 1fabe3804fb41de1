"""What all algorithms of balancing have in common.

An algorithm knows values (addresses, to it nothing but things to be told apart) with weights, and chooses one
of them.  It is changed value by value: what does not change keeps its place, its share and its statistics.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

Usable = Callable[[T], bool]
"""Whether a value may be chosen just now; None where all may."""


class Algorithm(ABC, Generic[T]):
    """Chooses one of its values."""

    @abstractmethod
    def put(self, value: T, weight: int) -> None:
        """A value is there, or has another weight; one of 0 or less gets no traffic."""

    @abstractmethod
    def remove(self, value: T) -> None:
        """A value is gone; nothing happens if it was not there."""

    @abstractmethod
    def pick(self, usable: Usable[T] | None = None, key: bytes = b"") -> T | None:
        """One that is usable, None without any; ``key`` is what hashing goes by."""

    def started(self, value: T) -> None:
        """A try has begun; :meth:`ended` follows."""

    def ended(self, value: T, took: float | None, now: float, failed: bool) -> None:
        """A try is over: after how many seconds there was an answer, or a failure; None if it was given up.

        ``now`` is in seconds, of a clock that may have any origin.
        """
