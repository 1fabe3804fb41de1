"""The TLS side of clients' connections."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.tls_clients import Conversation, ServerSide, key_pair, meet, trusting
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


def test_a_reload_forgets_sessions_and_contexts() -> None:
    """``kong reload``: what is shown from then on is new, and so are the keys of tickets."""
    tls = listener(rows(a="a.test"))
    client = trusting()
    context = tls.context_for("a.test")
    session = meet(tls, "a.test", client=client).session
    tls.renew([key_pair("new.test")])
    assert tls.context_for("a.test") is not context
    assert not meet(tls, "a.test", client=client, session=session).resumed
    assert meet(tls, "x.test", client=client).shown == "new.test"


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


@pytest.mark.parametrize("version", VERSIONS)
def test_records_arrive_one_at_a_time_or_in_any_other_way(version: ssl.TLSVersion) -> None:
    """Whole, several at once, cut, and again whole: nothing is lost, and nothing waits that is there."""
    talk = Conversation(listener({}), trusting(version))
    said = b""
    pieces = [[b"one"], [b"two"], [b"three", b"four"], [b"five"]]
    for words in pieces:
        talk.feed(b"".join(talk.record(word) for word in words))
        said += b"".join(words)
        assert talk.server.application.received == said
    six, seven = talk.record(b"six"), talk.record(b"seven")
    talk.feed(six[:3])
    talk.feed(six[3:] + seven[:20])
    assert talk.server.application.received == said + b"six"
    talk.feed(seven[20:])
    talk.feed(talk.record(b"eight"))
    assert talk.server.application.received == said + b"sixseveneight"
    assert talk.read().startswith(b"wordword")


TLS = listener({})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=12), st.lists(st.integers(1, 300), max_size=40))
def test_any_cut_is_survived(sizes: list[int], cuts: list[int]) -> None:
    """Whatever pieces the network makes of records."""
    talk = Conversation(TLS)
    words = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    data = b"".join(talk.record(word) for word in words)
    for cut in cuts:
        if data[:cut]:
            talk.feed(data[:cut])
        data = data[cut:]
    if data:
        talk.feed(data)
    assert talk.server.application.received == b"".join(words)


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 200_000])
def test_answers_of_any_size_are_sent_at_once(size: int) -> None:
    """Those of one record, and those of many; nothing waits for a further turn."""
    talk = Conversation(listener({}))
    talk.server.protocol.write(b"x" * size)
    talk.feed(b"")
    assert talk.read() == b"x" * size


def test_the_end_of_a_client_is_answered() -> None:
    """Its record looks like any other in TLS 1.3."""
    talk = Conversation(listener({}))
    talk.feed(talk.record(b"hello"))
    assert talk.read() == b"word"
    talk.feed(talk.farewell())
    assert talk.server.pipe.disconnecting
    talk.server.protocol.write(b"too late")


def test_a_forged_record_ends_the_connection() -> None:
    """With an alert, and nothing of it gets through."""
    talk = Conversation(listener({}))
    record = talk.record(b"hello")
    talk.feed(record[:-1] + bytes([record[-1] ^ 1]))
    assert talk.server.application.received == b""
    assert talk.server.pipe.disconnecting


def test_an_application_that_has_left_hears_nothing_more() -> None:
    """Neither what comes nor what it says itself gets through."""
    talk = Conversation(listener({}))
    record = talk.record(b"hello")
    talk.server.protocol.abortConnection()
    talk.feed(record)
    talk.server.protocol.write(b"word")
    assert talk.server.application.received == b""
