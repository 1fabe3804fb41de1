"""The body of a request between the client and whoever wants it."""

from __future__ import annotations

from math import inf

from tests.kit.deferreds import failure_of, success_of
from tests.kit.proxies import Wire
from twisted_kong.core.context import BodyTooLarge
from twisted_kong.core.http1.heads import CHUNKED
from twisted_kong.proxy.request_body import RequestBody


class Client:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def want_body(self) -> None:
        self.asked.append("want")

    def pause(self) -> None:
        self.asked.append("pause")


class Connection:
    """Notes what it is given."""

    def __init__(self) -> None:
        self.transport = Wire()
        self.closed = False
        self.incomplete = False
        self.read_timeout = 5.0
        self.given: list[bytes] = []
        self.due: list[float] = []

    def more(self, data: bytes) -> None:
        self.given.append(data)

    def expect(self, timeout: float) -> None:
        self.due.append(timeout)


def body(length: int = CHUNKED, limit: int = 10) -> tuple[RequestBody, Client, list[str]]:
    """A body that has just begun."""
    client = Client()
    changes: list[str] = []
    made = RequestBody(client, length, limit, 100, lambda: changes.append("changed"))  # type: ignore[arg-type]
    return made, client, changes


def test_a_short_body_is_kept() -> None:
    """Complete, it has a length and can be sent more than once."""
    made, client, changes = body()
    made.want()
    made.want()
    made.received(b"he")
    assert not made.ready
    made.received(b"llo")
    made.ended()
    assert changes == ["changed"]
    assert made.ready
    assert made.replayable
    assert (made.framing(), made.first(), made.first()) == (5, b"hello", b"hello")
    assert client.asked == ["want"]


def test_a_long_body_is_streamed() -> None:
    """Beyond the limit the client is paused until somebody takes it."""
    made, client, changes = body()
    made.received(b"hello world")
    assert client.asked == ["pause"]
    assert changes == ["changed"]
    assert made.ready
    assert made.framing() == CHUNKED
    assert made.first() == b"b\r\nhello world\r\n"
    connection = Connection()
    made.stream_to(connection, 7.0)  # type: ignore[arg-type]
    assert connection.incomplete
    assert connection.transport.producer is made
    assert not made.replayable
    made.received(b"!")
    made.ended()
    assert connection.given == [b"1\r\n!\r\n", b"0\r\n\r\n"]
    assert connection.due == [inf, 5.0]
    assert not connection.incomplete
    assert connection.transport.producer is None


def test_a_known_length_is_sent_as_it_is() -> None:
    """No chunks where the client told the length."""
    made, _, _ = body(length=12)
    made.received(b"hello world")
    assert made.framing() == 12
    assert made.first() == b"hello world"
    connection = Connection()
    made.stream_to(connection, 7.0)  # type: ignore[arg-type]
    made.received(b"!")
    made.ended()
    assert connection.given == [b"!"]


def test_nothing_yet_is_no_chunk() -> None:
    """An empty chunk would be the end."""
    made, _, _ = body()
    assert made.first() == b""
    assert made.framing() == CHUNKED


def test_the_service_may_lose_interest() -> None:
    """Its connection is let go, still incomplete."""
    made, _, _ = body()
    connection = Connection()
    made.first()
    made.stream_to(connection, 7.0)  # type: ignore[arg-type]
    made.detach()
    assert connection.incomplete
    assert connection.transport.producer is None


def test_the_services_transport_rules_the_client() -> None:
    """Back-pressure, both ways; it is late only while it does not take what is there."""
    made, client, _ = body()
    connection = Connection()
    made.stream_to(connection, 7.0)  # type: ignore[arg-type]
    made.pauseProducing()
    made.resumeProducing()
    made.stopProducing()
    assert client.asked == ["want", "pause", "want"]
    assert connection.due == [inf, 7.0, inf]


def test_a_plugin_may_have_more_than_is_kept_otherwise() -> None:
    """Up to its own limit; then it is told, now or when it turns out."""
    made, _, _ = body()
    whole = made.whole()
    made.received(b"hello world")
    made.ended()
    assert success_of(whole) == b"hello world"
    assert success_of(made.whole()) == b"hello world"
    failure_of(body(length=101)[0].whole(), BodyTooLarge)
    made, client, _ = body()
    whole = made.whole()
    made.received(b"x" * 101)
    failure_of(whole, BodyTooLarge)
    assert "pause" in client.asked


def test_only_one_waits_and_an_end_is_told() -> None:
    """A second plugin at the same time, or a client that goes, is a failure."""
    made, _, _ = body()
    first = made.whole()
    failure_of(made.whole(), BodyTooLarge)
    made.detach()
    failure_of(first, BodyTooLarge)
