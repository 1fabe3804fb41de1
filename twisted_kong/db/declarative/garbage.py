"""Keeps the garbage collector from looking, over and over, at all that a long piece of work holds meanwhile.

Tens of thousands of entities are millions of containers, and a collection that looks at all of them stops the
process for a quarter of a second.  They live until the work is done and then go without being collected; so
while it lasts only what is young is looked at, which takes a millisecond or two.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

# New containers before the youngest are looked at, such looks before what survived one is looked at once
# more, and practically never what survived that.
WORKING = (2_000, 10, 1_000_000)


class ICollector(Protocol):
    """The functions of the module ``gc`` that are used here."""

    def get_threshold(self) -> tuple[int, int, int]:
        """How many new containers lead to a collection of each generation."""

    def set_threshold(self, threshold0: int, threshold1: int = ..., threshold2: int = ..., /) -> None:
        """Set them."""


class Restraint:
    """Several pieces of work may be under way at once; the last to end has everything be as it was."""

    def __init__(self, collector: ICollector = gc) -> None:
        self._collector = collector
        self._count = 0
        self._before: tuple[int, int, int] | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """While this lasts, only young containers are looked at."""
        self._count += 1
        if self._count == 1:
            self._before = self._collector.get_threshold()
            self._collector.set_threshold(*WORKING)
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0 and self._before is not None:
                self._collector.set_threshold(*self._before)


young_only = Restraint()
