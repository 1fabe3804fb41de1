"""What was kept goes, in pieces."""

from __future__ import annotations

from typing import Any

from tests.kit.deferreds import started
from tests.kit.stores import epoch_clock
from twisted_kong.db.staging.forgetting import FORGOTTEN, emptied
from twisted_kong.db.turns import SLICE, Turns


def test_everything_goes_a_little_at_a_time() -> None:
    """Nobody waits longer than for a few of the members."""
    clock = epoch_clock()
    numbers = list(range(2 * FORGOTTEN + 1))
    kept: list[Any] = [list(numbers), dict.fromkeys(numbers), set(numbers)]
    turns = Turns(clock)
    clock.advance(SLICE)
    emptying = started(emptied(kept, turns))
    assert len(kept[0]) == FORGOTTEN + 1
    assert not emptying.called
    clock.advance(0)
    assert emptying.called
    assert kept == [[], {}, set()]
