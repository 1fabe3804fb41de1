"""Answers are remembered, but never more than was said, and nothing big."""

from __future__ import annotations

from typing import Any

from tests.kit.routes import a_route
from twisted_kong.core.router.memory import Memory, RouteMatch


def a_key(path: str, *values: Any) -> tuple[Any, ...]:
    return ("GET", "http", "h", 80, path, None, *values)


def test_at_most_twice_the_half_is_kept() -> None:
    """A full generation becomes the old one, and the old one is dropped."""
    memory = Memory(4)
    for number in range(10):
        memory._remember(a_key(str(number)), None)
        assert len(memory._young) + len(memory._old) <= 4
    assert a_key("9") in memory._young
    assert a_key("0") not in memory._old


def test_long_keys_are_not_remembered() -> None:
    """Whoever asks with a long path or long headers is answered anew each time."""
    memory = Memory(4)
    memory._remember(a_key("x" * 3000), None)
    memory._remember(a_key("x", (b"y" * 3000,)), None)
    assert not memory._young


def test_everything_can_be_forgotten() -> None:
    """After a change nothing is left."""
    memory = Memory(2)
    for number in range(2):
        memory._remember(a_key(str(number)), RouteMatch(a_route(1), None, None))
    memory.forget()
    assert not memory._young
    assert not memory._old


def test_a_match_has_room_for_what_follows_from_it() -> None:
    """What others derive from a match is not there at first."""
    match = RouteMatch(a_route(1), "/a", None)
    assert (match.memo, match.chain, match.prefix) == (None, None, "/a")
