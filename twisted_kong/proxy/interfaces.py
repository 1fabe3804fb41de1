"""What the exchange asks of the parts it is built from."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from twisted_kong.core.balancer.outcomes import Outcome
from twisted_kong.core.changes import Entity
from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.core.http1.heads import ResponseHead
from twisted_kong.core.router import RouteQuery
from twisted_kong.node.balancing import Peer

Answering = Answer | None | Deferred[Answer | None]


class Client(Protocol):
    """The client's connection, as an exchange sees it."""

    scheme: str
    peer_ip: str
    peer_port: int
    port: int
    trusted: bool
    named: tuple[str, int] | None
    sni: str | None
    transport: Any
    memo: Any
    served: int

    def keeps(self) -> bool:
        """Whether the connection can serve another request after this one."""
        ...

    def finished(self, keep: bool, now: float) -> None:
        """The answer is complete; ``now`` is the clock's seconds."""
        ...

    def want_body(self) -> None:
        """The body is needed: tell a client that waits for 100, and read on."""
        ...

    def pause(self) -> None:
        """Read no more for now."""
        ...

    def stalled(self, stalled: bool) -> None:
        """The client does not read what we send, or does again."""
        ...

    def tunnel(self, other: Any) -> None:
        """From now on write every byte to somebody else; the first ones that wait at once."""
        ...

    def hang_up(self) -> None:
        """Close a tunnel's end once all is sent."""
        ...

    def abort(self) -> None:
        """Close now."""
        ...


class Fault(Enum):
    """Why a try failed."""

    CONNECT = "could not connect"
    TIMEOUT = "timed out"
    LOST = "the connection was lost"
    INVALID = "the answer was invalid"


class ResponseSink(Protocol):
    """Who waits for the answer; implemented by the exchange.

    Per request either ``response_whole``, or ``response_started``, any number of ``response_data`` and
    ``response_ended``, or ``response_upgraded``; ``upstream_failed`` may come instead of, or after, any of
    the first.
    """

    def response_whole(self, head: ResponseHead, body: bytes, now: float) -> None:
        """Head and body have arrived together; ``now`` is the clock's seconds."""
        ...

    def response_started(self, head: ResponseHead, length: int) -> None:
        """The head has arrived, the body follows."""
        ...

    def response_data(self, data: bytes) -> None:
        """A piece of the body; never empty."""
        ...

    def response_ended(self) -> None:
        """The body is complete."""
        ...

    def response_upgraded(self, head: ResponseHead, rest: bytes) -> None:
        """The peer has changed the protocol (101); these bytes came behind the head."""
        ...

    def upstream_failed(self, fault: Fault, reused: bool) -> None:
        """The connection is of no more use; ``reused``: it had served before and gave no byte this time."""
        ...


class Routing(Protocol):
    """Finds the Route of a request and its Service."""

    def match(self, query: RouteQuery) -> Any:
        """The RouteMatch, None if no Route fits; a Route whose Service is disabled must not be found."""
        ...

    def service_of(self, route: Entity) -> Entity | None:
        """The Service of a Route, None if it has none.

        Asked once for each match and remembered there: the router must forget its matches when a Service
        changes.
        """
        ...


class Needs(Protocol):
    """Which phases have work for one request; all false costs nothing."""

    @property
    def has_work(self) -> bool:
        """A plugin of any phase below takes part."""
        ...

    @property
    def has_later(self) -> bool:
        """A plugin of any phase after ``access`` takes part."""
        ...

    @property
    def has_access(self) -> bool:
        """A plugin of ``access`` takes part."""
        ...

    @property
    def has_header_filter(self) -> bool:
        """A plugin of ``header_filter`` takes part."""
        ...

    @property
    def has_body_filter(self) -> bool:
        """A plugin of ``body_filter`` takes part."""
        ...

    @property
    def has_response(self) -> bool:
        """A plugin of ``response`` takes part, so the answer is buffered."""
        ...

    @property
    def has_log(self) -> bool:
        """A plugin of ``log`` takes part."""
        ...


class Phases(Protocol):
    """Runs the plugins; implemented by the PDK.

    ``rewrite`` and ``access`` may return an Answer, which ends the request, or wait.  Whatever a plugin
    raises must have become an Answer or a log entry inside.
    """

    def rewrite(self, ctx: RequestContext) -> Answering:
        """Before a Route is looked for: global plugins only."""
        ...

    def needs(self, ctx: RequestContext) -> Needs:
        """Asked when the Route is known, and again after ``access``, when the Consumer may be."""
        ...

    def access(self, ctx: RequestContext, needs: Needs | None = None) -> Answering:
        """Before the Service is contacted; ``needs`` is the answer to the first question, if it was asked."""
        ...

    def response(self, ctx: RequestContext) -> Answering:
        """When the whole answer of the Service is there."""
        ...

    def header_filter(self, ctx: RequestContext) -> Deferred[None] | None:
        """When the head of the answer is there: ``ctx.response`` may be changed."""
        ...

    def body_filter(self, ctx: RequestContext, chunk: bytes, last: bool) -> bytes:
        """For each piece of the answer's body; ``last`` comes once, perhaps with no bytes."""
        ...

    def log(self, ctx: RequestContext) -> None:
        """When the client has everything."""
        ...


class Balancer(Protocol):
    """Chooses where to connect."""

    def fixed(self, host: str, port: int) -> Peer | None:
        """The peer of a host that leads to one place for ever: an IP address."""
        ...

    def pick(
        self, host: str, port: int, tried: Collection[Peer] = (), ctx: RequestContext | None = None
    ) -> Peer | Deferred[Peer]:
        """A peer for a Service's host; NoPeer or NameFailure where there is none."""
        ...

    def started(self, peer: Peer) -> None:
        """A try at the address of a Target begins; ``ended`` must follow."""
        ...

    def ended(self, peer: Peer, outcome: Outcome | None, took: float) -> None:
        """What came of it, after so many seconds; None if that tells nothing of the Target."""
        ...


class NoNeeds:
    """No phase has work."""

    has_work = False
    has_later = False
    has_access = False
    has_header_filter = False
    has_body_filter = False
    has_response = False
    has_log = False


NOTHING = NoNeeds()
