"""HTTP/2 towards clients of the Admin API: many requests at once over one connection (RFC 9113).

The library h2 knows the protocol; here frames become requests and answers become frames.  A request is judged
as one of HTTP/1.1 is, by the same code.  What h2 leaves to its user is bounded here:

* A client may take back so many requests and no more than are answered besides (rapid reset), its faults too.
* What it sends must come to something: to requests, bodies or answers taken.  A flood of anything else –
  pings, settings, priorities, windows opened byte by byte, empty or padded frames – ends the connection.
* Bodies under way on one connection share a limit, so that its streams do not multiply ours.
* Whoever neither sends nor takes anything for a while is left, unless he waits for an answer of ours.

h2 bounds the frames of a header block (64), its size when unpacked, the streams at once.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.admin.channels import Deadline, Site
from twisted_kong.admin.http1 import LEAVING_SECONDS, LINGER_BYTES
from twisted_kong.admin.http2_stream import Stream, head_of
from twisted_kong.admin.http2_use import Use
from twisted_kong.core.http1.errors import BadMessage

MAX_STREAMS = 100
# Bodies under way on one connection, in times of the limit of one.
BODIES = 2
# Of an answer, in one frame.
FRAME = 16384


class Http2Channel(Protocol):
    """One connection of a client."""

    _log = Logger()

    def __init__(self, site: Site) -> None:
        self.site = site
        self._deadline = Deadline(site.reactor, self._late)
        self._streams: dict[int, Stream] = {}
        # Streams that were answered before all of their body had come: what may still come of it.
        self._lingering: dict[int, int] = {}
        self._paused = False
        self._leaving = False
        self._use = Use()
        limits = site.limits
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.head,
            },
        )
        self._h2.decoder.max_header_list_size = limits.head

    # What the transport says.

    @override
    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.registerProducer(self, True)
        self._h2.initiate_connection()
        self._send()
        self._deadline.set(self.site.patience)

    @override
    def dataReceived(self, data: bytes) -> None:
        """Take frames, or parts of them."""
        if self._leaving:
            return
        self._use.received += len(data)
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as fault:
            # h2 has the farewell ready.
            self._leave(str(fault))
            return
        self._all_happened(events)
        if self._leaving:
            return
        complaint = self._use.complaint
        if complaint is not None:
            self._calm(complaint)
            return
        self._send()
        self._pump()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._deadline.clear()
        self._leaving = True
        self._abandon(reason)

    def pauseProducing(self) -> None:
        """The client takes no more for now."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The client has taken what was sent."""
        self._paused = False
        if not self._leaving:
            self._deadline.set(self.site.patience)
            self._pump()

    def stopProducing(self) -> None:
        """The connection is lost, of which we are told apart."""

    def _all_happened(self, events: list[Event]) -> None:
        """Act on what came at once: what h2 knows to have ended by now is not begun, nor can be answered."""
        if any(isinstance(event, ConnectionTerminated) for event in events):
            # RFC 9113 §6.8 would let us answer what is under way; after this h2 sends nothing any more.
            self._leave("the client said goodbye")
            return
        reset = [event.stream_id for event in events if isinstance(event, StreamReset)]
        # First of all: an answer to one of the others has all streams send.
        for number in reset:
            self._taken_back(number)
        for event in events:
            if getattr(event, "stream_id", None) not in reset:
                self._happened(event)
            elif isinstance(event, DataReceived):
                self._acknowledge(event)
            if self._leaving:
                return

    def _happened(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._begin(event.stream_id, event.headers)
        elif isinstance(event, DataReceived):
            self._take(event)
        elif isinstance(event, StreamEnded):
            stream = self._streams.get(event.stream_id)
            self._lingering.pop(event.stream_id, None)
            if stream is not None:
                stream.end()

    def _begin(self, number: int, fields: Any) -> None:
        self._use.useful += sum(len(name) + len(value) for name, value in fields)
        self._deadline.set(self.site.patience)
        if self.site.draining:
            self._refuse_stream(number)
            return
        stream = self._streams[number] = Stream(self, number)
        try:
            head = head_of(fields, self.site.limits)
        except BadMessage as fault:
            stream.refuse(fault.status, fields)
            return
        stream.begin(head)

    def _take(self, event: DataReceived) -> None:
        """A piece of a body; of one that nobody wants any more too, so that the window stays open."""
        data = event.data or b""
        self._use.useful += len(data)
        self._acknowledge(event)
        stream = self._streams.get(event.stream_id)
        if stream is None:
            self._read_over(event.stream_id, len(data))
            return
        if not data:
            return
        self._deadline.set(self.site.patience)
        stream.take(data)
        limit = BODIES * self.site.body_limit
        if sum(each.held for each in self._streams.values()) > limit:
            # Nothing was done with it, and the client may try again (RFC 9113 §8.7).
            self._refuse_stream(event.stream_id)

    def _read_over(self, number: int, size: int) -> None:
        """Throw away what comes of a body that nobody wants, up to a limit.

        RFC 9113 §8.1 lets us reset the stream with the answer, but curl then takes the answer for lost.
        """
        left = self._lingering.get(number)
        if left is None:
            return
        self._lingering[number] = left - size
        if left < size:
            del self._lingering[number]
            with suppress(StreamClosedError):
                self._h2.reset_stream(number, ErrorCodes.NO_ERROR)

    def _acknowledge(self, event: DataReceived) -> None:
        """Let the client send as much again, whatever becomes of this."""
        if event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _refuse_stream(self, number: int) -> None:
        self._h2.reset_stream(number, ErrorCodes.REFUSED_STREAM)
        self._drop(number)

    def _taken_back(self, number: int) -> None:
        if self._lingering.pop(number, None) is not None:
            return
        self._drop(number)
        self._use.resets += 1

    def _drop(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            stream.lost(Failure(ConnectionLost("the stream was reset")))

    # What streams ask of their connection.

    def begin_answer(self, stream: Stream, code: bytes, fields: list[tuple[bytes, bytes]]) -> None:
        """Send the head of an answer."""
        self._deadline.set(self.site.patience)
        self._h2.send_headers(stream.number, [(b":status", code), *fields])
        self._send()

    def more(self) -> None:
        """A stream has something to send."""
        if not self._leaving:
            self._pump()

    def _send(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self.transport.write(data)  # type: ignore[union-attr]

    def _pump(self) -> None:
        """Send what the windows and the transport allow, of each stream a frame in turn."""
        moving = True
        while moving:
            moving = False
            for stream in list(self._streams.values()):
                if self._paused or self._leaving:
                    return
                moving = self._send_frame(stream) or moving
        if self.site.draining and not self._streams and not self._leaving:
            self._h2.close_connection()
            self._leave("the node goes")

    def _send_frame(self, stream: Stream) -> bool:
        """Whether a frame of an answer was sent; the last one ends the stream."""
        if not stream.out and not stream.answered:
            return False
        size = min(len(stream.out), FRAME, self._h2.local_flow_control_window(stream.number))
        if stream.out and size <= 0:
            return False
        piece = bytes(stream.out[:size])
        del stream.out[:size]
        last = stream.answered and not stream.out
        self._h2.send_data(stream.number, piece, end_stream=last)
        if last:
            del self._streams[stream.number]
            self._use.answered += 1
            if not stream.complete:
                self._lingering[stream.number] = LINGER_BYTES
        self._use.useful += size
        self._deadline.set(self.site.patience)
        self._send()
        return True

    def _abandon(self, reason: Failure) -> None:
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.lost(reason)

    def _calm(self, why: str) -> None:
        transport: Any = self.transport
        self._log.warn("closing an HTTP/2 connection of {peer}: {why}", peer=transport.getPeer(), why=why)
        self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
        self._leave(why)

    def _leave(self, why: str) -> None:
        """Send what is ready and close; streams under way have lost their client."""
        if self._leaving:
            return
        self._leaving = True
        self._send()
        self._deadline.set(LEAVING_SECONDS)
        transport: Any = self.transport
        transport.unregisterProducer()
        transport.loseConnection()
        self._abandon(Failure(ConnectionLost(why)))

    def _late(self) -> None:
        """Nothing was sent or taken for long: leave, unless it is we who are expected to say something."""
        if self._leaving:
            self.transport.abortConnection()  # type: ignore[union-attr]
        elif any(stream.working for stream in self._streams.values()):
            self._deadline.set(self.site.patience)
        else:
            self._h2.close_connection()
            self._leave("nothing happened")
