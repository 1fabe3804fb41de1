"""The TLS side of clients' connections."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from tests.kit.tls_clients import ServerSide, key_pair, meet, trusting
from twisted_kong.core.conf.suites import SUITES
from twisted_kong.proxy.tls import ServerTls

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def rows(**certificates: str) -> dict[str, dict[str, Any]]:
    """Certificates by name: ``a`` is the row of a certificate for ``a.test``."""
    found = {}
    for name, certificate in certificates.items():
        pair = key_pair(certificate)
        found[f"{name}.test"] = {
            "id": certificate,
            "cert": pair.certificate.decode(),
            "key": pair.key.decode(),
        }
    return found


def listener(stored: dict[str, dict[str, Any]]) -> ServerTls:
    return ServerTls([key_pair("own.test")], SUITES["intermediate"], certificate_for=stored.get)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_name_chooses_the_certificate(version: ssl.TLSVersion) -> None:
    """Of each handshake anew; a name without one, and a client without a name, are shown our own."""
    stored = rows(a="a.test", b="b.test")
    tls = listener(stored)
    client = trusting(version)
    shown = [meet(tls, name, client=client).shown for name in ("a.test", "b.test", "A.Test", "x.test", None)]
    assert shown == ["a.test", "b.test", "a.test", "own.test", "own.test"]
    stored.update(rows(a="new.test"))
    assert meet(tls, "a.test", client=client).shown == "new.test"


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_are_resumed_under_the_same_certificate_only(version: ssl.TLSVersion) -> None:
    """By any name that is shown it; never by one that is shown another, nor when it has changed."""
    stored = rows(a="a.test", b="b.test", c="a.test")
    tls = listener(stored)
    client = trusting(version)

    def again(first: str, second: str) -> bool:
        session = meet(tls, first, client=client).session
        return meet(tls, second, client=client, session=session).resumed

    assert again("a.test", "a.test")
    assert again("x.test", "y.test")
    assert not again("a.test", "b.test")
    assert not again("a.test", "x.test")
    assert not again("x.test", "a.test")
    # OpenSSL itself keeps sessions of TLS 1.2 apart by name only where it has a callback of ours.
    assert again("a.test", "c.test")
    session = meet(tls, "a.test", client=client).session
    stored.update(rows(a="new.test"))
    met = meet(tls, "a.test", client=client, session=session)
    assert (met.shown, met.resumed) == ("new.test", False)


@pytest.mark.parametrize("version", VERSIONS)
def test_forgotten_contexts_cost_no_sessions(version: ssl.TLSVersion) -> None:
    """The keys of tickets belong to the listener, not to what was made for a name."""
    tls = listener(rows(a="a.test"))
    client = trusting(version)
    session = meet(tls, "a.test", client=client).session
    tls.forget("a.test")
    assert meet(tls, "a.test", client=client, session=session).resumed


@pytest.mark.parametrize("version", VERSIONS)
def test_the_name_is_known_of_resumed_sessions_too(version: ssl.TLSVersion) -> None:
    """Routes are found by it."""
    tls = listener({})
    client = trusting(version)
    session = meet(tls, "a.test", client=client).session
    met = meet(tls, "a.test", client=client, session=session)
    assert met.resumed
    assert met.server.protocol.server_name == "a.test"


def test_a_hello_may_come_byte_by_byte() -> None:
    """Nothing is answered before it is complete."""
    tls = listener(rows(a="a.test"))
    server = ServerSide(tls)
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        trusting().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="a.test").do_handshake()
    hello = outgoing.read()
    assert {server.exchange(hello[place : place + 1]) for place in range(len(hello) - 1)} == {b""}
    assert server.exchange(hello[-1:])
    assert server.protocol.server_name == "a.test"


def test_what_is_no_hello_is_refused() -> None:
    """As OpenSSL refuses it: with an alert, and the connection ends."""
    server = ServerSide(listener({}))
    answer = server.exchange(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
    assert answer[:1] in (b"\x15", b"")
    assert server.pipe.disconnecting


def test_a_client_may_leave_before_its_hello() -> None:
    """The application hears of it, and nothing is kept."""
    server = ServerSide(listener({}))
    server.exchange(b"\x16\3\1")
    server.protocol.connectionLost(None)
    assert "dataReceived" not in vars(server.protocol)


def test_nothing_is_read_of_a_connection_that_was_aborted() -> None:
    """Not even its name."""
    server = ServerSide(listener({}))
    server.protocol.abortConnection()
    assert server.exchange(b"GET / HTTP/1.1\r\n\r\n") == b""
    assert server.protocol.server_name is None
