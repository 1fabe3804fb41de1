"""HTTP/2 towards clients of the Admin API: what one connection may do, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes, Settings
from hyperframe.frame import ContinuationFrame, HeadersFrame, PriorityFrame
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.kit.deferreds import no_result, success_of
from tests.unit.admin.test_http1 import PATIENCE, Told
from twisted_kong.admin.http1 import LEAVING_SECONDS, LINGER_BYTES
from twisted_kong.admin.http2 import MAX_STREAMS, Http2Channel
from twisted_kong.admin.http2_use import MAX_RESETS, OVERHEAD_BYTES
from twisted_kong.admin.site import BoundedSite


class Client:
    """A client and its connection to a site."""

    def __init__(self, settings: dict[Any, int] | None = None, **more: Any) -> None:
        self.clock = Clock()
        self.told = Told()
        self.lines: list[str] = []
        self.site = BoundedSite(self.told, self.clock, timeout=PATIENCE, access_log=self.lines.append, **more)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 50000))
        self.channel = Http2Channel(self.site)
        self.channel.makeConnection(self.transport)
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        if settings:
            self.h2.local_settings = Settings(client=True, initial_values=settings)
        self.events: list[Any] = []
        self.h2.initiate_connection()
        self.turn()
        self.turn()

    def turn(self) -> None:
        """Let what each has to say come to the other."""
        data = self.h2.data_to_send()
        if data:
            self.channel.dataReceived(data)
        said = self.transport.value()
        self.transport.clear()
        if said:
            self.events += self.h2.receive_data(said)

    def ask(
        self, number: int, path: str = "/x", *more: tuple[str, str], method: str = "GET", end: bool = True
    ) -> None:
        fields = [(":method", method), (":path", path), (":scheme", "https"), (":authority", "localhost")]
        self.h2.send_headers(number, [*fields, *more], end_stream=end)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def statuses(self) -> list[bytes]:
        return [dict(event.headers)[b":status"] for event in self.of(ResponseReceived)]

    def body(self, number: int) -> bytes:
        return b"".join(event.data for event in self.of(DataReceived) if event.stream_id == number)

    def calmed(self) -> bool:
        """Whether we were told to calm down, and left."""
        codes = [event.error_code for event in self.of(ConnectionTerminated)]
        return codes == [ErrorCodes.ENHANCE_YOUR_CALM] and self.transport.disconnecting


def test_requests_are_answered_side_by_side() -> None:
    """One that waits holds up no other; each gives a line of the access log."""
    client = Client()
    client.told.wait = True
    client.ask(1, "/slow")
    client.turn()
    client.told.wait = False
    client.ask(3, "/quick?a=b")
    client.ask(5, "/with", method="POST", end=False)
    client.h2.send_data(5, b"body", end_stream=True)
    client.turn()
    assert client.statuses() == [b"200", b"200"]
    assert (client.body(3), client.body(5)) == (b"/quick?a=b ", b"/with body")
    client.told.requests[0].write(b"late")
    client.told.requests[0].finish()
    client.turn()
    assert client.body(1) == b"late"
    assert len(client.of(StreamEnded)) == 3
    assert '"GET /quick?' in client.lines[0]
    assert 'HTTP/2.0" 200' in client.lines[0]


def test_a_large_answer_waits_for_windows_without_turning_in_a_circle() -> None:
    """What the client's window does not take stays, and nothing runs until the client opens it."""
    client = Client({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    client.told.answer = lambda request: b"x" * 200_000
    client.ask(1)
    client.turn()
    assert client.body(1) == b""
    # one timer and nothing that is due
    assert [call.getTime() for call in client.clock.getDelayedCalls()] == [PATIENCE]
    client.h2.increment_flow_control_window(300_000, 1)
    client.turn()
    assert len(client.body(1)) == 65_535
    client.h2.increment_flow_control_window(300_000)
    client.turn()
    assert len(client.body(1)) == 200_000


def test_a_client_that_takes_nothing_is_left() -> None:
    """Its window closed, or its connection."""
    client = Client({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    client.ask(1)
    client.turn()
    client.clock.advance(PATIENCE)
    assert client.transport.disconnecting
    client.clock.advance(LEAVING_SECONDS)
    assert client.clock.getDelayedCalls() == []


def test_answers_pause_with_the_connection() -> None:
    """The transport says when it takes more."""
    client = Client()
    client.channel.pauseProducing()
    client.ask(1)
    client.turn()
    assert client.body(1) == b""
    client.channel.resumeProducing()
    client.turn()
    assert client.body(1) == b"/x "


def test_who_waits_for_us_is_not_late() -> None:
    """An answer may take its time; a client that says nothing may not."""
    client = Client()
    client.told.wait = True
    client.ask(1)
    client.turn()
    client.clock.advance(PATIENCE)
    client.clock.advance(PATIENCE)
    assert not client.transport.disconnecting
    client.told.requests[0].finish()
    client.turn()
    client.clock.advance(PATIENCE)
    assert client.transport.disconnecting
    idle = Client()
    idle.h2.ping(b"12345678")
    idle.turn()
    idle.clock.advance(PATIENCE)
    assert idle.transport.disconnecting


def test_a_body_that_is_too_large_is_refused_before_it_has_come() -> None:
    """The answer is whole; so much of the rest is read over, and then asked not to come."""
    client = Client(body_limit=10)
    client.ask(1, method="POST", end=False)
    client.h2.send_data(1, b"x" * 11)
    client.turn()
    assert client.statuses() == [b"413"]
    assert len(client.of(StreamEnded)) == 1
    sent = 0
    while not client.of(StreamReset):
        client.h2.send_data(1, bytes(16_384))
        sent += 16_384
        client.turn()
    assert sent > LINGER_BYTES
    assert client.of(StreamReset)[0].error_code == ErrorCodes.NO_ERROR
    # a client that has not heard of it yet
    late = Client(body_limit=10)
    late.ask(1, method="POST", end=False)
    late.h2.send_data(1, b"x" * 11)
    late.channel.dataReceived(late.h2.data_to_send())
    late.h2.send_data(1, b"x" * 1000, end_stream=True)
    late.turn()
    assert late.statuses() == [b"413"]
    late.ask(3)
    late.turn()
    assert late.statuses() == [b"413", b"200"]


def test_bodies_of_one_connection_share_a_limit() -> None:
    """One more than fits is refused untouched; the others are served."""
    client = Client(body_limit=1000)
    for number in (1, 3, 5):
        client.ask(number, method="POST", end=False)
        client.h2.send_data(number, b"x" * 900)
    client.turn()
    (reset,) = client.of(StreamReset)
    assert (reset.stream_id, reset.error_code) == (5, ErrorCodes.REFUSED_STREAM)
    client.h2.end_stream(1)
    client.h2.end_stream(3)
    client.turn()
    assert client.statuses() == [b"200", b"200"]


def test_requests_taken_back_in_haste_are_not_begun() -> None:
    """Rapid reset (CVE-2023-44487): so many and no more, and what is taken back at once costs nothing."""
    client = Client()
    for number in range(1, 2 * MAX_RESETS + 1, 2):
        client.ask(number)
        client.h2.reset_stream(number)
    client.turn()
    assert not client.transport.disconnecting
    client.ask(999)
    client.h2.reset_stream(999)
    client.turn()
    assert client.calmed()
    assert client.told.requests == []


def test_an_answer_taken_back_harms_no_other() -> None:
    """In the same packet: windows are opened, another request comes, and the first is taken back."""
    client = Client()
    client.told.answer = lambda request: b"x" * 200_000
    client.ask(1)
    client.turn()
    client.h2.increment_flow_control_window(300_000, 1)
    client.h2.increment_flow_control_window(300_000)
    client.ask(3)
    client.h2.reset_stream(1)
    client.turn()
    assert client.statuses() == [b"200", b"200"]
    assert len(client.body(3)) == 65_535


def test_a_client_that_cancels_now_and_then_is_served() -> None:
    """Whoever lets as many be answered may take back as many."""
    client = Client()
    for number in range(1, 8 * MAX_RESETS, 4):
        client.ask(number)
        client.turn()
        client.ask(number + 2)
        client.h2.reset_stream(number + 2)
        client.turn()
    assert not client.transport.disconnecting
    assert len(client.statuses()) == 2 * MAX_RESETS


def test_a_request_taken_back_goes_on_without_its_client() -> None:
    """Whoever waits for its end is told, the connection stays."""
    client = Client()
    client.told.wait = True
    client.ask(1)
    client.turn()
    ended = client.told.requests[0].notifyFinish().addErrback(lambda _: None)
    client.h2.reset_stream(1)
    client.turn()
    assert ended.called
    assert not client.transport.disconnecting


@pytest.mark.parametrize("flood", ["ping", "settings", "priority", "window", "empty"])
def test_a_flood_of_what_is_no_request_ends_the_connection(flood: str) -> None:
    """By nginx's rule: all bytes against those of requests and bodies."""
    client = Client()
    client.told.wait = True
    client.ask(1, method="POST", end=False)
    client.turn()
    for _ in range(OVERHEAD_BYTES // 900 + 2):
        for _ in range(100):
            if flood == "ping":
                client.h2.ping(b"12345678")
            elif flood == "settings":
                client.h2.update_settings({SettingCodes.ENABLE_PUSH: 0})
            elif flood == "priority":
                client.h2.prioritize(7, weight=3)
            elif flood == "window":
                client.h2.increment_flow_control_window(1)
            else:
                client.h2.send_data(1, b"")
        client.channel.dataReceived(client.h2.data_to_send())
        if client.transport.disconnecting:
            break
        client.transport.clear()
    assert client.transport.disconnecting


def test_priorities_of_streams_that_never_come_cost_nothing() -> None:
    """A thousand of them, and requests are served as before."""
    client = Client()
    for number in range(1, 4001, 2):
        client.channel.dataReceived(PriorityFrame(number, depends_on=0, stream_weight=1).serialize())
    client.ask(5001)
    client.turn()
    assert client.statuses() == [b"200"]


def test_more_streams_than_allowed_are_an_error() -> None:
    """The client was told how many it may have."""
    client = Client()
    client.told.wait = True
    for number in range(1, 2 * MAX_STREAMS, 2):
        client.ask(number)
    client.turn()
    assert len(client.told.requests) == MAX_STREAMS
    client.h2.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = MAX_STREAMS + 10
    client.h2.remote_settings.acknowledge()
    client.ask(999)
    client.turn()
    assert client.transport.disconnecting


def test_heads_without_an_end_are_an_error() -> None:
    """CONTINUATION frames: so many and no more, and no more than a head may be when it is unpacked."""
    client = Client()
    client.channel.dataReceived(HeadersFrame(1, data=b"\x82").serialize())
    for _ in range(100):
        client.channel.dataReceived(ContinuationFrame(1, data=b"").serialize())
    assert client.transport.disconnecting
    client = Client()
    client.h2.remote_settings[SettingCodes.MAX_HEADER_LIST_SIZE] = 1 << 20
    client.ask(1, "/x", *((f"a{place}", "x" * 1000) for place in range(100)))
    client.turn()
    assert client.transport.disconnecting
    assert client.told.requests == []


def test_the_end_of_a_connection_is_told_to_all_its_requests() -> None:
    """Lost, or ended by the client; the site is idle then."""
    client = Client()
    client.told.wait = True
    client.ask(1)
    client.ask(3)
    client.turn()
    idle = client.site.idle()
    no_result(idle)
    client.channel.connectionLost(Failure(ConnectionError("gone")))
    success_of(idle)
    assert client.clock.getDelayedCalls() == []
    client = Client()
    client.told.wait = True
    client.ask(1)
    client.turn()
    client.h2.close_connection()
    client.turn()
    success_of(client.site.idle())
    assert client.transport.disconnecting


def test_a_node_that_goes_ends_connections_with_their_last_answer() -> None:
    """New requests are refused untouched, so that the client may ask another node."""
    client = Client()
    client.told.wait = True
    client.ask(1)
    client.turn()
    client.site.draining = True
    client.ask(3)
    client.turn()
    assert client.of(StreamReset)[0].error_code == ErrorCodes.REFUSED_STREAM
    assert not client.transport.disconnecting
    client.told.requests[0].finish()
    client.turn()
    assert client.statuses() == [b"200"]
    assert client.of(ConnectionTerminated)[0].error_code == ErrorCodes.NO_ERROR
    assert client.transport.disconnecting


def test_nonsense_is_answered_by_goodbye() -> None:
    """h2 knows why."""
    client = Client()
    client.channel.dataReceived(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")
    client.events += client.h2.receive_data(client.transport.value())
    assert client.of(ConnectionTerminated)[0].error_code == ErrorCodes.PROTOCOL_ERROR
    assert client.transport.disconnecting
