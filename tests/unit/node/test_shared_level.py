"""The log level of all nodes."""

from __future__ import annotations

from tests.kit.changelog import change
from tests.kit.deferreds import success_of
from tests.kit.logs import caught_failures
from tests.kit.rows import FakeRows
from twisted_kong.node.shared_level import KEY, KIND, SharedLevel, encoded


class World:
    """A follower, and the levels it has used."""

    def __init__(self) -> None:
        self.rows, self.used = FakeRows(), list[tuple[str, float]]()
        self.level = SharedLevel(self.rows, lambda level, timeout: self.used.append((level, timeout)))

    def write(self, value: str) -> None:
        self.rows.put({"id": KEY, "key": KEY, "value": value})


def test_a_level_that_was_written_is_used() -> None:
    """For the time that was asked for; other changes mean nothing."""
    world = World()
    world.write(encoded("debug", 5))
    success_of(world.level.apply([change(1, "services", "1"), change(2, KIND, "cluster_id")]))
    assert world.used == []
    success_of(world.level.apply([change(3, KIND, KEY)]))
    assert world.used == [("debug", 5.0)]


def test_a_level_of_long_ago_is_not_used() -> None:
    """Whoever loads everything again does not know when it was written."""
    world = World()
    world.write(encoded("debug", 5))
    success_of(world.level.doubt())
    assert world.used == []


def test_a_level_that_was_taken_back_changes_nothing() -> None:
    """The row may be gone when it is read."""
    world = World()
    success_of(world.level.apply([change(1, KIND, KEY)]))
    assert world.used == []


def test_nonsense_is_told_and_stops_nothing() -> None:
    """How much is logged does not decide whether entities are followed."""
    world = World()
    world.write("no JSON")
    with caught_failures() as lines:
        success_of(world.level.apply([change(1, KIND, KEY)]))
    assert len(lines) == 1
    assert world.used == []


def test_a_slow_read_does_not_bring_an_older_level_back() -> None:
    """Two levels are written one after the other, and the first read is answered last."""
    world = World()
    world.rows.held = True
    world.write(encoded("debug", 5))
    world.level.apply([change(1, KIND, KEY)])
    world.write(encoded("warn", 5))
    world.level.apply([change(2, KIND, KEY)])
    while world.rows.waiting:
        world.rows.waiting.pop().callback(None)
    assert world.used[-1] == ("warn", 5.0)
