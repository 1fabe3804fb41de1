"""What the error log tells of ports."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel

from tests.kit.logs import captured_lines
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.proxy.ports import announce, listen_quietly


@pytest.mark.parametrize(
    ("listener", "line"),
    [
        (Listener("127.0.0.1", 0), "proxy listens on 127.0.0.1:8123"),
        (Listener("::1", 0, ssl=True), "proxy listens on [::1]:8123 (ssl)"),
        (Listener("::1", 0, ssl=True, http2=True), "proxy listens on [::1]:8123 (http2 ssl)"),
        (Listener("::1", 0, http2=True), "proxy listens on [::1]:8123 (http2)"),
    ],
)
def test_a_port_is_told_as_it_is_written_in_the_configuration(listener: Listener, line: str) -> None:
    """With the number that the system chose."""
    with captured_lines(LogLevel.info) as lines:
        announce("proxy", listener, 8123)
    assert lines == [line]


def test_a_reactor_without_descriptors_listens_as_it_can() -> None:
    """A test's, with the same arguments."""
    reactor = MemoryReactorClock()
    factory: Any = Factory()
    listen_quietly(reactor, 8001, factory, 7, "127.0.0.1")
    assert reactor.tcpServers == [(8001, factory, 7, "127.0.0.1")]
