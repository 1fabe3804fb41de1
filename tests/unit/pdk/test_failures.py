"""A plugin's error is one line of the log."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger, formatEvent

from tests.kit.pdk import a_gateway
from twisted_kong.pdk.failures import report


def lines_of(level: str, error: Exception) -> list[str]:
    events: list[Any] = []
    gateway = a_gateway(log=Logger("kong", observer=events.append), log_level=level)  # type: ignore[arg-type]
    try:
        raise error
    except Exception:
        report(gateway, "key-auth", "access", "id-1")
    return [formatEvent(event) for event in events]


def test_one_line() -> None:
    """Plugin, phase, error, place and request are told, and nothing else."""
    [line] = lines_of("notice", ValueError("bad\nthing"))
    assert line.startswith("[kong] [key-auth] access failed: ValueError: bad\\nthing (")
    assert "test_failures.py:" in line
    assert line.endswith(", request_id: id-1")


def test_the_traceback_is_for_developers() -> None:
    """At level debug it follows."""
    _, trace = lines_of("debug", ValueError("x"))
    assert "Traceback" in trace
