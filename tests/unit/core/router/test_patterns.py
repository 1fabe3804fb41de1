"""Sets of regexes find what trying each would find, also when a set fails."""

from __future__ import annotations

import pytest

from tests.kit.routes import a_route
from twisted_kong.core.router.entries import Entry, Query
from twisted_kong.core.router.patterns import Patterns
from twisted_kong.core.router.regexes import compile_regex


def an_entry(number: int, pattern: str) -> Entry:
    return Entry(a_route(number), number, 0, None, None, pattern, compile_regex("^" + pattern))


def asked(path: str) -> Query:
    return Query("GET", False, "a", 80, path, None, lambda name: [])


def found(patterns: Patterns, path: str) -> str | None:
    best = patterns.best(asked(path), None)
    return None if best is None else best.route["name"]


def test_best_of_sets_and_fresh_ones() -> None:
    """A hundred patterns are split into sets and fresh ones; the best of all that match is found."""
    patterns = Patterns()
    for number in range(100):
        patterns.add(an_entry(number, rf"/\w+/{number % 10}$"))
    assert len(patterns._sets) == 1
    assert found(patterns, "/x/7") == "r97"
    assert found(patterns, "/x/77") is None
    assert patterns.best(asked("/x/7"), best := an_entry(200, "")) is best


def test_gaps_are_given_up() -> None:
    """A set that has lost most of its patterns is dissolved, and the last one removed is told."""
    patterns = Patterns()
    entries = [an_entry(number, f"/{number}$") for number in range(64)]
    for entry in entries:
        patterns.add(entry)
    for entry in entries[:50]:
        assert patterns.remove(entry) is False
    assert patterns._sets == []
    assert patterns._where == {}
    assert found(patterns, "/60") == "r60"
    assert found(patterns, "/10") is None
    assert [patterns.remove(entry) for entry in entries[50:]] == [False] * 13 + [True]


def test_patterns_too_big_together_still_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns that exceed the memory of a set are tried one by one."""
    monkeypatch.setattr("twisted_kong.core.router.patterns._OPTIONS.max_mem", 2000)
    patterns = Patterns()
    for number in range(64):
        patterns.add(an_entry(number, f"/a?b?c?d?e?f?g?ok{number}$"))
    assert found(patterns, "/ok63") == "r63"
    assert found(patterns, "/no") is None


def test_a_big_pattern_stands_alone() -> None:
    """A pattern that would take much of a set's memory is not put into one."""
    patterns = Patterns()
    big = an_entry(99, r"/\pL{9}")
    patterns.add(big)
    for number in range(64):
        patterns.add(an_entry(number, r"/\w+$"))
    assert found(patterns, "/abcdefghi") == "r99"
    assert found(patterns, "/abc") == "r63"
    assert patterns.remove(big) is False
    assert found(patterns, "/abcdefghi") == "r63"
