"""While long work lasts, the collector looks at what is young only."""

from __future__ import annotations

from twisted_kong.db.declarative.garbage import WORKING, Restraint


class Collector:
    """Thresholds that can be set."""

    def __init__(self) -> None:
        self.thresholds = (1, 2, 3)

    def get_threshold(self) -> tuple[int, int, int]:
        """As they are."""
        return self.thresholds

    def set_threshold(self, threshold0: int, threshold1: int = 0, threshold2: int = 0, /) -> None:
        """Set them."""
        self.thresholds = (threshold0, threshold1, threshold2)


def test_the_last_to_end_has_all_be_as_it_was() -> None:
    """Whoever began first, and though one has failed."""
    collector = Collector()
    restraint = Restraint(collector)
    first, second = restraint(), restraint()
    first.__enter__()
    second.__enter__()
    assert collector.thresholds == WORKING
    first.__exit__(None, None, None)
    assert collector.thresholds == WORKING
    assert second.__exit__(ValueError, ValueError(), None) is not True
    assert collector.thresholds == (1, 2, 3)
