"""How the garbage collector is told of what lives for long."""

from __future__ import annotations

from typing import Any

from twisted_kong.service.memory import LOADING, RUNNING, LongLived


class RecordingCollector:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def set_threshold(self, *thresholds: int) -> None:
        self.asked.append(thresholds)

    def collect(self, generation: int = 2) -> int:
        self.asked.append("collect")
        return 0

    def freeze(self) -> None:
        self.asked.append("freeze")


def test_what_was_loaded_is_set_aside_after_a_last_look() -> None:
    """Garbage of the load is not kept for ever, and what is kept is not looked at again."""
    collector = RecordingCollector()
    memory = LongLived(collector)
    memory.loading()
    memory.loaded()
    assert collector.asked == [LOADING, "collect", "freeze", RUNNING]


def test_a_running_node_collects_in_small_portions() -> None:
    """The two younger generations together hold no more than some milliseconds of looking."""
    youngest, middle, _ = RUNNING
    assert youngest * middle <= 20_000
