"""The log level that is set for a while."""

from __future__ import annotations

from twisted.internet.task import Clock

from twisted_kong.admin.log_level import LogLevel


def make() -> tuple[Clock, list[str], LogLevel]:
    clock, used = Clock(), []
    return clock, used, LogLevel(clock, "notice", used.append)


def test_a_level_is_used_until_its_time_is_up() -> None:
    """A level set for a while gives way to the configured one, seconds rounded up."""
    clock, used, level = make()
    assert level.set("debug", 1.2)
    assert level.level == "debug"
    clock.advance(1.9)
    assert used == ["debug"]
    clock.advance(0.1)
    assert (used, level.level) == (["debug", "notice"], "notice")


def test_the_level_in_force_is_left_alone() -> None:
    """Setting the level that is in force changes nothing, not even when it ends."""
    clock, used, level = make()
    assert not level.set("notice", 1)
    level.set("debug", 5)
    assert not level.set("debug", 50)
    clock.advance(5)
    assert used == ["debug", "notice"]


def test_a_later_level_replaces_the_earlier_one() -> None:
    """Only the last level's time counts."""
    clock, used, level = make()
    level.set("debug", 5)
    clock.advance(4)
    level.set("error", 5)
    clock.advance(4)
    assert used == ["debug", "error"]
    clock.advance(1)
    assert used == ["debug", "error", "notice"]


def test_no_timer_where_there_is_nothing_to_return_to() -> None:
    """Back at the configured level, for good, or stopped: no timer is left."""
    clock, _, level = make()
    level.set("debug", 5)
    level.set("notice", 5)
    assert clock.getDelayedCalls() == []
    level.set("debug", 0)
    assert clock.getDelayedCalls() == []
    level.set("info", 5)
    level.stop()
    assert clock.getDelayedCalls() == []


def test_a_new_configuration_ends_what_was_set_for_a_while() -> None:
    """Reloaded, the configured level is in force at once, and is what a later level gives way to."""
    clock, used, level = make()
    level.set("debug", 5)
    level.configure("error")
    assert clock.getDelayedCalls() == []
    level.set("info", 1)
    clock.advance(1)
    assert used == ["debug", "error", "info", "error"]


def test_a_configuration_that_says_nothing_new_changes_nothing() -> None:
    """The log is not told of a level that it uses already."""
    _, used, level = make()
    level.configure("notice")
    assert used == []
