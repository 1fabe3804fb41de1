"""The state of one request on its way through the gateway: data only, no I/O.

The exchange fills it in, plugins read and change it through the PDK.  Fields that most requests never touch
are class attributes: a request is made by setting the dozen that differ, which is what keeps it cheap.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Literal, Protocol

from twisted_kong.core.changes import Entity
from twisted_kong.core.headers import Field, HeaderEdits, Headers
from twisted_kong.core.http1.heads import RequestHead

Source = Literal["service", "exit", "error"]

# What is only true of the body that it came with (RFC 9110 §8 and §14).
_OF_A_BODY = frozenset(
    (
        *(b"accept-ranges", b"content-disposition", b"content-encoding", b"content-language"),
        *(b"content-length", b"content-location", b"content-md5", b"content-range", b"content-type"),
        *(b"digest", b"etag", b"last-modified", b"repr-digest", b"transfer-encoding"),
    )
)


class Answer:
    """What the gateway answers by itself, instead of the Service.

    ``source`` is ``exit`` when a plugin or the router decided so, ``error`` when something failed.  Framing
    and connection fields are added by the exchange; a body for HEAD is counted but not sent.
    """

    __slots__ = ("body", "headers", "source", "status")

    def __init__(
        self, status: int, headers: list[Field] | None = None, body: bytes = b"", source: Source = "exit"
    ) -> None:
        self.status = status
        self.headers: list[Field] = [] if headers is None else headers
        self.body = body
        self.source: Source = source


class RequestIO(Protocol):
    """What a plugin may wait for; implemented by the exchange."""

    def request_body(self) -> Awaitable[bytes]:
        """The whole body of the request; may be asked in rewrite and access only.

        Bounded by ``client_max_body_size`` and, whatever that says, by what the exchange buffers in memory:
        raises :exc:`BodyTooLarge` beyond.  Asked again, it gives the same bytes.
        """
        ...

    def response_body(self) -> Awaitable[bytes]:
        """The whole body of the Service's answer; only in the ``response`` phase."""
        ...


class BodyTooLarge(Exception):
    """A body that was to be buffered does not fit into the memory allowed for it."""


class Upstream:
    """Where a request is about to go and as what; plugins may change it until the access phase ends.

    ``host`` and ``port`` are the Service's (a name may be that of an Upstream), ``path`` is the path sent
    on, already escaped, ``query`` what follows the ``?``, None for no ``?`` at all.  ``host_header`` is the
    Host to send when a plugin or ``preserve_host`` decided, else None: it then follows from the target.
    ``body`` replaces the client's body unless it is None.  Timeouts are in milliseconds; ``retries`` is the
    number of further tries.
    """

    __slots__ = (
        "body",
        "connect_timeout",
        "edits",
        "host",
        "host_header",
        "method",
        "path",
        "port",
        "query",
        "read_timeout",
        "retries",
        "scheme",
        "write_timeout",
    )

    def __init__(self, service: Entity, method: bytes, path: bytes, query: bytes | None) -> None:
        self.scheme: str = service["protocol"]
        self.host: str = service["host"]
        self.port: int = service["port"]
        self.connect_timeout: int = service["connect_timeout"]
        self.read_timeout: int = service["read_timeout"]
        self.write_timeout: int = service["write_timeout"]
        self.retries: int = service["retries"]
        self.method = method
        self.path = path
        self.query = query
        self.host_header: bytes | None = None
        self.edits: HeaderEdits | None = None
        self.body: bytes | None = None

    def change_headers(self) -> HeaderEdits:
        """The edits to the fields sent to the Service, made at the first need."""
        edits = self.edits
        if edits is None:
            edits = self.edits = HeaderEdits()
        return edits


class Response:
    """The answer on its way to the client: in header_filter its status and fields may still be changed.

    ``body`` is the whole body where it is known: of an answer of the gateway, of one that took the place of a
    Service's in header_filter, and in the ``response`` phase.
    """

    __slots__ = ("body", "headers", "reason", "source", "status")

    def __init__(
        self, status: int, headers: Headers, source: Source, body: bytes | None = None, reason: bytes = b""
    ) -> None:
        self.status = status
        self.headers = headers
        self.source: Source = source
        self.body = body
        self.reason = reason

    def replace_by(self, answer: Answer) -> None:
        """Become another answer, because a plugin that saw this one's head decided so.

        Kong: fields stay, but for those of the answer's names; here also not those that describe the body.
        """
        gone = {name.lower() for name, _ in answer.headers} | _OF_A_BODY
        kept = [field for field in self.headers if field[0].lower() not in gone]
        self.status, self.reason, self.source = answer.status, b"", answer.source
        self.headers = Headers([*kept, *answer.headers])
        self.body = answer.body


class Try:
    """One attempt to reach the Service, as the log serializer reports it (``tries``).

    Times are epoch seconds; ``state`` is ``failed`` or ``next`` for a try that did not lead to an answer, and
    then ``code`` the status that it would have meant.
    """

    __slots__ = ("code", "ended", "ip", "port", "started", "state")

    def __init__(self, ip: str, port: int, started: float) -> None:
        self.ip = ip
        self.port = port
        self.started = started
        self.ended = started
        self.state: Literal["failed", "next"] | None = None
        self.code: int | None = None


class RequestContext:
    """One request.

    Set by the exchange before the first phase: ``head``, ``io``, ``scheme`` (``http`` or ``https`` as the
    listener saw it), ``peer_*`` (who is connected), ``client_*`` (after real-IP processing), ``trusted`` (the
    peer is in ``trusted_ips``, so its ``X-Forwarded-*`` count), ``listener_port`` (after ``port_maps``),
    ``sni``, ``request_id`` (32 hexadecimal digits), ``started`` (epoch seconds), ``path`` (normalised).

    Set when they are known: ``route``, ``service``, ``match`` (the router's RouteMatch), ``upstream`` (from
    the match to the end), ``response`` (from header_filter on, None before and where no plugin needs it; the
    status is always in ``status``), ``tries``, ``balancing_key`` (what consistent hashing goes by),
    ``balanced_at`` / ``answered_at`` (epoch seconds: the balancer
    has chosen; the first byte of the head of the answer), ``bytes_sent`` (of the body, to the client),
    ``request_size`` and ``response_size`` (whole messages on the client's side, in bytes).

    For plugins: ``consumer`` and ``credential`` (entities), ``shared`` (``kong.ctx.shared``), ``state``
    (one dictionary per plugin name, ``kong.ctx.plugin``), ``response_edits`` (changes to the fields of an
    answer that does not exist yet), ``buffer_response`` (a plugin of the ``response`` phase takes part, or
    one asked for the whole body), ``chain`` (whatever the phases collected to run, once access has begun),
    ``plan`` (whatever they remember between calls).
    """

    head: RequestHead
    io: RequestIO
    scheme: str
    peer_ip: str
    peer_port: int
    client_ip: str
    client_port: int
    trusted: bool
    listener_port: int
    request_id: str
    started: float
    path: str

    sni: str | None = None
    route: Entity | None = None
    service: Entity | None = None
    match: Any = None
    upstream: Upstream | None = None
    response: Response | None = None
    status: int = 0
    balancing_key: bytes | None = None
    balanced_at: float = 0.0
    answered_at: float = 0.0
    bytes_sent: int = 0
    request_size: int = 0
    response_size: int = 0
    tries: list[Try] | tuple[()] = ()
    consumer: Entity | None = None
    credential: Entity | None = None
    chain: Any = None
    plan: Any = None
    buffer_response: bool = False
    response_edits: HeaderEdits | None = None
    source: Source = "service"
    _shared: dict[str, Any] | None = None
    _state: dict[str, dict[str, Any]] | None = None

    @property
    def shared(self) -> dict[str, Any]:
        """What the plugins of one request share."""
        shared = self._shared
        if shared is None:
            shared = self._shared = {}
        return shared

    def state_of(self, plugin: str) -> dict[str, Any]:
        """What one plugin remembers between the phases of one request."""
        states = self._state
        if states is None:
            states = self._state = {}
        return states.setdefault(plugin, {})

    def change_response(self) -> HeaderEdits | Headers:
        """Where to change the fields of the answer: itself once it is there, else the recorded edits."""
        if self.response is not None:
            return self.response.headers
        edits = self.response_edits
        if edits is None:
            edits = self.response_edits = HeaderEdits()
        return edits
