from __future__ import annotations

import errno
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionRefusedError, TimeoutError
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from tests.kit.deferreds import failure_of, no_result, success_of
from tests.kit.logs import caught_errors
from twisted_kong.core.health.checks import Event, Probe
from twisted_kong.core.health.standing import Address
from twisted_kong.node.health.prober import Finding, Prober

HTTP = Probe("http", 3, 10, "/up", (), None, None, True, None)
ADDRESS = Address("a.test", "192.0.2.1", 80)


class Transport(StringTransport):
    """Tells its protocol that it was aborted, as real ones do."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol

        self.closed = ""

    @override
    def loseConnection(self) -> None:
        self._close("in order")

    @override
    def abortConnection(self) -> None:
        self._close("aborted")

    def _close(self, how: str) -> None:
        self.closed = how
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Bench:
    """A prober of addresses that are the test's."""

    def __init__(self, probe: Probe = HTTP, creator: Any = None) -> None:
        self.reactor = MemoryReactorClock()
        self.creator = creator
        self.secured: list[str] = []
        self.prober = Prober(self.reactor, self._secure)
        self.done = self.prober.probe(probe, ADDRESS)

    def _secure(self, probe: Probe, name: str) -> Any:
        self.secured.append(name)
        if self.creator is None:
            raise ValueError("no certificate")
        return self.creator

    @property
    def factory(self) -> Any:
        """Of the probe itself, below TLS if there is any."""
        factory = self.reactor.tcpClients[0][2]
        return getattr(factory, "wrappedFactory", factory)

    def accept(self) -> Transport:
        protocol = self.factory.buildProtocol(None)
        transport = Transport(protocol)
        protocol.makeConnection(transport)
        return transport

    def refuse(self, error: Exception) -> None:
        self.factory.clientConnectionFailed(None, Failure(error))

    def over(self) -> Finding:
        """What was found; nothing may be left of it."""
        assert self.prober.under_way == 0
        assert self.reactor.getDelayedCalls() == []
        return success_of(self.done)


@pytest.mark.parametrize("kind", ["tcp", "grpc"])
def test_to_be_accepted_is_enough(kind: str) -> None:
    """Nothing is sent."""
    bench = Bench(replace(HTTP, kind=kind))
    assert bench.reactor.tcpClients[0][:2] == ("192.0.2.1", 80)
    assert bench.reactor.tcpClients[0][3] == 3
    transport = bench.accept()
    assert (transport.value(), transport.closed) == (b"", "in order")
    assert bench.over() is Event.SUCCESS


def test_a_status_is_found() -> None:
    """However its line comes; the rest is not waited for."""
    bench = Bench()
    transport = bench.accept()
    assert transport.value() == b"GET /up HTTP/1.0\r\nHost: a.test\r\n\r\n"
    for piece in (b"HTTP/1", b".1 20", b"0 OK\r", b"\nx: y\r\n"):
        no_result(bench.done)
        transport.protocol.dataReceived(piece)
    assert bench.over() == 200


def test_what_is_no_http_is_status_0() -> None:
    """Which counts as a failure of HTTP."""
    bench = Bench()
    bench.accept().protocol.dataReceived(b"220 mail.test ESMTP\r\n")
    assert bench.over() == 0


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        (ConnectionRefusedError(), Event.TCP_FAILURE),
        (TimeoutError(), Event.TIMEOUT),
        (ConnectError(errno.EHOSTUNREACH), Event.TCP_FAILURE),
        (ConnectError(errno.EMFILE), None),
        (ConnectError(errno.EADDRNOTAVAIL), None),
    ],
)
def test_without_a_connection(error: Exception, finding: Finding) -> None:
    """Who refuses and who does not answer are told apart; our own troubles are not held against anybody."""
    bench = Bench()
    bench.refuse(error)
    assert bench.over() is finding


def test_an_end_before_the_status_is_a_failed_connection() -> None:
    """Reset or closed in order."""
    bench = Bench()
    transport = bench.accept()
    transport.protocol.dataReceived(b"HTTP/1.1 2")
    transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert bench.over() is Event.TCP_FAILURE


def test_who_takes_too_long_to_answer_times_out() -> None:
    """Counted from the connection on, whatever trickles in."""
    bench = Bench()
    transport = bench.accept()
    bench.reactor.advance(2)
    transport.protocol.dataReceived(b"HTTP/1.1 ")
    bench.reactor.advance(0.9)
    no_result(bench.done)
    bench.reactor.advance(0.1)
    assert bench.over() is Event.TIMEOUT


def test_what_comes_after_the_end_is_not_heard() -> None:
    """TLS may still have something after it was aborted."""
    bench = Bench()
    transport = bench.accept()
    protocol = transport.protocol
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\n")
    protocol.dataReceived(b"HTTP/1.1 500 OK\r\n")
    assert bench.over() == 200


def test_a_probe_is_given_up_while_it_waits_for_an_answer() -> None:
    """The connection is aborted at once."""
    bench = Bench()
    transport = bench.accept()
    bench.done.cancel()
    failure_of(bench.done, CancelledError)
    assert transport.closed == "aborted"
    assert bench.prober.under_way == 0


def test_a_probe_is_given_up_while_it_connects() -> None:
    """The attempt ends, and nothing is told of the address."""
    bench = Bench()
    idle = bench.prober.when_idle()
    bench.done.cancel()
    failure_of(bench.done, CancelledError)
    no_result(idle)
    bench.refuse(ConnectionRefusedError())
    success_of(idle)
    success_of(bench.prober.when_idle())


def test_tls_goes_by_the_configured_name_else_by_the_host() -> None:
    """And what cannot be spoken for want of a certificate says nothing of the address."""
    https = replace(HTTP, kind="https")
    for probe, name in ((https, "a.test"), (replace(https, sni="s.test"), "s.test")):
        with caught_errors() as errors:
            bench = Bench(probe)
        assert bench.secured == [name]
        assert bench.over() is None
        assert len(errors) == 1


@implementer(IOpenSSLClientConnectionCreator)
class NoTls:
    """Never asked: the tests stand in for TLS."""

    def clientConnectionForTLS(self, protocol: Any) -> Any:  # noqa: N802 - Twisted's name
        raise NotImplementedError


@pytest.mark.parametrize("kind", ["https", "grpcs"])
def test_tls_that_takes_too_long_is_a_failed_connection(kind: str) -> None:
    """As in Kong, and not a timeout; nothing is sent before it is agreed on."""
    bench = Bench(replace(HTTP, kind=kind), NoTls())
    transport = bench.accept()
    bench.reactor.advance(2.9)
    no_result(bench.done)
    assert transport.value() == b""
    bench.reactor.advance(0.1)
    assert bench.over() is Event.TCP_FAILURE


def test_the_answer_has_a_time_of_its_own_after_tls() -> None:
    """Each step may take the whole timeout."""
    bench = Bench(replace(HTTP, kind="https"), NoTls())
    transport = bench.accept()
    bench.reactor.advance(2)
    transport.protocol.handshakeCompleted()
    assert transport.value().startswith(b"GET /up ")
    bench.reactor.advance(2.9)
    no_result(bench.done)
    bench.reactor.advance(0.1)
    assert bench.over() is Event.TIMEOUT


def test_grpcs_is_content_with_tls() -> None:
    """No request is sent, and the connection goes without a farewell that somebody would have to wait for."""
    bench = Bench(replace(HTTP, kind="grpcs"), NoTls())
    transport = bench.accept()
    transport.protocol.handshakeCompleted()
    assert (transport.value(), transport.closed) == (b"", "aborted")
    assert bench.over() is Event.SUCCESS
