"""Answers of Services, kept in memory by plugins that answer with them again; bounded by bytes and by age."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IReactorTime

StoredAnswer = Mapping[str, Any]
"""An answer as the plugin that keeps it wants it back, made of what JSON has; nobody changes it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: StoredAnswer
    size: int
    ends: float


class StoredAnswers:
    """The answers kept by this process, by the keys that their plugin made; not asked for longest goes first.

    :param max_bytes: of all answers together.
    """

    def __init__(self, clock: IReactorTime, *, max_bytes: int) -> None:
        self._clock = clock
        self.max_bytes = max_bytes
        self.used = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: str, answer: StoredAnswer, *, size: int, lifetime: float) -> bool:
        """Keep an answer instead of the one before; whether it was kept.

        :param size: in bytes; what alone is too big is not kept.
        :param lifetime: in seconds.
        """
        self.drop(key)
        if size > self.max_bytes or lifetime <= 0:
            return False
        while self.used + size > self.max_bytes:
            self._forget(next(iter(self._kept)))
        self._kept[key] = _Kept(answer, size, self._clock.seconds() + lifetime)
        self.used += size
        return True

    def get(self, key: str) -> StoredAnswer | None:
        """The answer, while its lifetime lasts."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.ends <= self._clock.seconds():
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return kept.answer

    def drop(self, key: str) -> bool:
        """Forget an answer; whether there was one."""
        there = self.get(key) is not None
        if there:
            self._forget(key)
        return there

    def purge(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.used = 0

    def _forget(self, key: str) -> None:
        self.used -= self._kept.pop(key).size
