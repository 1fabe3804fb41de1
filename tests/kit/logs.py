"""What is logged, caught before it reaches the session's observers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from constantly import NamedConstant
from twisted.logger import LogEvent, Logger, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure


@contextmanager
def caught_failures() -> Iterator[list[str]]:
    """The messages of all failures logged in the block."""
    lines: list[str] = []

    def failure(_: Logger, format: str, failure: Failure | None = None, **values: Any) -> None:
        lines.append((failure or Failure()).getErrorMessage())

    original = Logger.failure
    Logger.failure = failure  # type: ignore[method-assign]
    try:
        yield lines
    finally:
        Logger.failure = original  # type: ignore[method-assign]


@contextmanager
def caught_warnings() -> Iterator[list[str]]:
    """The messages of all warnings logged in the block."""
    with _caught("warn") as lines:
        yield lines


@contextmanager
def caught_infos() -> Iterator[list[str]]:
    """The messages of the level ``info`` logged in the block."""
    with _caught("info") as lines:
        yield lines


@contextmanager
def caught_errors() -> Iterator[list[str]]:
    """The messages of the level ``error`` logged in the block, those of failures apart."""
    with _caught("error") as lines:
        yield lines


@contextmanager
def _caught(level: str) -> Iterator[list[str]]:
    lines: list[str] = []

    def emit(_: Logger, format: str, **values: Any) -> None:
        lines.append(format.format(**values))

    original = getattr(Logger, level)
    setattr(Logger, level, emit)
    try:
        yield lines
    finally:
        setattr(Logger, level, original)


@contextmanager
def captured_lines(level: NamedConstant = LogLevel.error) -> Iterator[list[str]]:
    """The lines of this level that are logged in the block, as they would be written."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_level") is level:
            lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(observe)
