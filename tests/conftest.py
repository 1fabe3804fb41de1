"""Shared fixtures: the kind of database, and that every test must leave the reactor as it found it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from tests.kit import databases

# A socket being closed by both ends may need a few turns of the reactor.
TURNS = 20
TURN_SECONDS = 0.01


@implementer(ILogObserver)
class UnhandledErrors:
    """Collects what Twisted logs of Deferreds that were dropped with an error nobody looked at."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        if "Unhandled" in str(event.get("log_format", "")) and event.get("log_failure") is not None:
            self.seen.append(event["log_failure"].getTraceback())


def running_reactor() -> Any:
    """The reactor of this session, or None where nothing has installed one: tests never choose it here."""
    return sys.modules.get("twisted.internet.reactor")


def open_things(reactor: Any) -> tuple[set[Any], list[Any]]:
    """The selectables and the active delayed calls that the reactor holds now."""
    internal = getattr(reactor, "_internalReaders", set())
    selectables = (set(reactor.getReaders()) | set(reactor.getWriters())) - set(internal)
    return selectables, [call for call in reactor.getDelayedCalls() if call.active()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each kind of database that it is meant for."""
    kinds = databases.kinds_for(metafunc.definition)
    if kinds != (databases.DEFAULT,):
        metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture(autouse=True)
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that whole nodes of this test have."""
    kind: str = getattr(request, "param", databases.DEFAULT)
    databases.choose(kind)
    return kind


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """Fail a test that leaves a timer, an open port or connection, or an unhandled Deferred error behind."""
    observer = UnhandledErrors()
    globalLogPublisher.addObserver(observer)
    reactor = running_reactor()
    before = open_things(reactor) if reactor is not None else (set(), [])
    try:
        yield
        left = _left_over(running_reactor(), before)
        gc.collect(0)
    finally:
        globalLogPublisher.removeObserver(observer)
    if left:
        pytest.fail("left behind: " + "; ".join(left))
    if observer.seen:
        pytest.fail("unhandled error in a Deferred:\n" + observer.seen[0])


def _left_over(reactor: Any, before: tuple[set[Any], list[Any]]) -> list[str]:
    if reactor is None:
        return []
    new: list[Any] = []
    for turn in range(TURNS + 1):
        selectables, calls = open_things(reactor)
        new = [thing for thing in selectables if thing not in before[0]]
        new += [call for call in calls if call not in before[1]]
        if not new:
            break
        if turn < TURNS:
            reactor.iterate(TURN_SECONDS)
    for thing in new:
        # One offender must not make every later test an offender too.
        if hasattr(thing, "cancel"):
            thing.cancel()
    return [repr(thing) for thing in new]
