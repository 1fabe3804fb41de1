"""``kong.log`` writes one line with the plugin, the place and the request."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.logger import Logger, LogLevel, formatEvent

from tests.kit.pdk import a_context, a_gateway, a_kong, answered
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.logging import one_line
from twisted_kong.pdk.phase import INIT_WORKER, LOG


def a_logged_kong(level: str = "notice", phase: int = LOG, request: bool = True) -> tuple[Kong, list[Any]]:
    events: list[Any] = []
    gateway = a_gateway(log=Logger("kong", observer=events.append), log_level=level)  # type: ignore[arg-type]
    return a_kong(answered(a_context()) if request else None, gateway, phase), events


def test_a_line() -> None:
    """The text is put together from its parts; file, line, plugin and request are told."""
    kong, events = a_logged_kong()
    kong.log("a", 1, None)
    text = formatEvent(events[0])
    assert text.startswith("[kong] test_logging.py:")
    assert text.endswith("[test-plugin] a1None, request_id: 0123456789abcdef0123456789abcdef")
    assert events[0]["log_level"] is LogLevel.info


def test_levels() -> None:
    """Kong's eight levels in Twisted's five; what is below ``log_level`` is not written."""
    kong, events = a_logged_kong("debug")
    log = kong.log
    for write in (log.debug, log.info, log.notice, log.warn, log.err, log.crit, log.alert, log.emerg):
        write("x")
    log.inspect({"a": 1})
    levels = ["debug", "info", "info", "warn", "error", "critical", "critical", "critical", "debug"]
    assert [event["log_level"].name for event in events] == levels
    quiet, events = a_logged_kong("err")
    quiet.log.warn("x")
    assert events == []
    quiet.log.err("x")
    assert len(events) == 1


def test_deprecations() -> None:
    """They are warnings that say since when and until when, where that is known."""
    kong, events = a_logged_kong()
    kong.log.deprecation("x is old", after="2.5", removal="4.0")
    kong.log.deprecation("y", " is too")
    assert "x is old (deprecated after 2.5, scheduled for removal in 4.0)," in formatEvent(events[0])
    assert "y is too," in formatEvent(events[1])
    assert events[1]["log_level"] is LogLevel.warn


def test_outside_of_requests() -> None:
    """A line of init_worker names no request."""
    kong, events = a_logged_kong(phase=INIT_WORKER, request=False)
    kong.log.notice("ready")
    assert formatEvent(events[0]).endswith("[test-plugin] ready")


def test_clients_cannot_forge_lines() -> None:
    """Line breaks and control characters are shown, not obeyed."""
    assert one_line("a\nb\x1b[2J\u2028\u00e9") == "a\\nb\\x1b[2J\\u2028\u00e9"


def test_values_for_the_entry() -> None:
    """A plugin may set, add or replace values of the entry, in inner tables too."""
    kong, _ = a_logged_kong()
    log = kong.log
    log.set_serialize_value("a.b", 1)
    log.set_serialize_value("client_ip", "x", mode="add")
    log.set_serialize_value("source", "y", mode="replace")
    log.set_serialize_value("none.such", "z", mode="replace")
    log.set_serialize_value("service.name", "renamed")
    entry = log.serialize()
    assert entry["a"] == {"b": 1}
    assert (entry["client_ip"], entry["source"]) == ("127.0.0.2", "y")
    assert "none" not in entry
    assert entry["service"]["name"] == "renamed"
    service = kong.router.get_service()
    assert service is not None
    assert service["name"] == "svc"
    with pytest.raises(ValueError, match="mode"):
        log.set_serialize_value("a", 1, mode="odd")  # type: ignore[arg-type]
