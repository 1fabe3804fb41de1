"""Keeps the garbage collector from stopping a node for as long as it takes to look at everything it holds.

Theory.  CPython's collector stops the process and looks at every container of a generation; the rows of
50,000 Routes are millions of them and a full collection of them takes a quarter of a second.  They live as
long as the process, or die without cycles, so looking at them finds nothing: once loaded they are set aside
for good.  What comes later is collected in portions small enough for the event loop.
"""

from __future__ import annotations

from typing import Protocol

# New containers before the youngest are looked at, young collections before the next older ones are, and so
# on.  While loading nothing is garbage; afterwards a collection of the middle generation looks at
# 2,000 x 10 containers at most, which takes 2 ms.
LOADING = (50_000, 50, 1_000)
RUNNING = (2_000, 10, 50)


class Collector(Protocol):
    """The functions of the module ``gc`` that are used here."""

    def set_threshold(self, threshold0: int, threshold1: int = ..., threshold2: int = ..., /) -> None:
        """How many new containers lead to a collection of each generation."""

    def collect(self, generation: int = ...) -> int:
        """Collect everything now."""

    def freeze(self) -> None:
        """Never look at what there is now again."""


class LongLived:
    """What is loaded at the start of a node, as the collector shall take it.

    :param collector: the module ``gc`` outside of tests.
    """

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def loading(self) -> None:
        """Much will be made and kept: do not look for garbage in between."""
        self._collector.set_threshold(*LOADING)

    def loaded(self) -> None:
        """All is made that lives for long: look once more, and then only at what comes from now on."""
        self._collector.collect()
        self._collector.freeze()
        self._collector.set_threshold(*RUNNING)
