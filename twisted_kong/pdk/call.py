"""What every PDK module works on: the request, where it is in its life, and which plugin is running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted_kong.core.context import Answer, RequestContext, Upstream
from twisted_kong.core.headers import HeaderEdits, Headers
from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.phase import NAMES, WrongPhase


class Exit(BaseException):
    """Ends the running phase with an answer; raised by ``kong.response.exit`` and ``.error``.

    Not an ``Exception``, so that a plugin's ``except Exception`` does not swallow it.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class Conf(dict[str, Any]):
    """A plugin's configuration as its methods get it; not to be changed.

    Beside the configured fields it holds ``route_id``, ``service_id``, ``consumer_id``,
    ``plugin_instance_name``, ``__plugin_id`` and ``__ws_id``.
    ``memo`` is the plugin's to remember what it derived from this configuration; a changed row is a new Conf.
    """

    __slots__ = ("memo",)

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.memo: Any = None


class Draft:
    """Changes to the request for the Service, made before it is known; None means unchanged."""

    __slots__ = ("body", "edits", "host_header", "method", "path", "query", "scheme")

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.edits: HeaderEdits | None = None
        self.host_header: bytes | None = None
        self.method: bytes | None = None
        self.path: bytes | None = None
        self.query: bytes | None = None
        self.scheme: str | None = None

    def change_headers(self) -> HeaderEdits:
        """The edits, made at the first need."""
        if self.edits is None:
            self.edits = HeaderEdits()
        return self.edits

    def apply(self, upstream: Upstream) -> None:
        """Carry the changes out, now that there is a Service."""
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None:
                setattr(upstream, name, value)


class Call:
    """The state shared by the PDK modules of one request; outside of requests ``context`` is missing.

    ``phase`` is one of the bits of :mod:`twisted_kong.pdk.phase`, ``running`` and ``running_id`` name the
    plugin and the row that run now.
    ``received`` and ``received_status`` are of the Service's answer before a plugin changed it, if one did.
    ``chunk`` and ``last`` are the piece of the body that is being filtered, ``kept`` the pieces held back by
    each row.
    ``gathered`` tells that the running row has put its piece to those, ``ended`` that a plugin ended it all.
    ``draft`` holds changes to the request for the Service made before there is one.

    It refers to no module and not to ``kong``, so that a finished request leaves no work for the garbage
    collector.
    """

    context: RequestContext
    gateway: Gateway
    phase: int
    running: str = ""
    running_id: str | None = None
    received: Headers | None = None
    received_status: int = 0
    chunk: bytes = b""
    last: bool = False
    gathered: bool = False
    ended: bool = False
    kept: dict[str, list[bytes]] | None = None
    draft: Draft | None = None

    def __init__(self, gateway: Gateway, context: RequestContext | None, phase: int) -> None:
        self.gateway = gateway
        if context is not None:
            self.context = context
        self.phase = phase

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Only asked for what is missing: say so in the plugin's terms."""
            if name == "context":
                phase = NAMES.get(self.phase, "no")
                raise WrongPhase(f"there is no request in {phase} phase, only the node's own modules")
            raise AttributeError(name)

    def held(self) -> list[bytes]:
        """The pieces of the body that the running row holds back, to be changed."""
        if self.kept is None:
            self.kept = {}
        return self.kept.setdefault(self.running_id or self.running, [])

    def released(self, chunk: bytes) -> bytes:
        """All that the running row has held back, and the piece that it was given now."""
        pieces = self.held()
        if not self.gathered:
            pieces.append(chunk)
        whole = b"".join(pieces)
        pieces.clear()
        return whole

    def received_values(self, key: bytes) -> list[bytes]:
        """Every value of a request's header by its lower-case name, as plugins before have changed them.

        Not to be changed.
        """
        context = self.context
        upstream = context.upstream or self.draft
        if upstream is None or upstream.edits is None:
            return context.head.block.get_all(key)
        return upstream.edits.get_all(key, context.head.headers)

    def upstream(self) -> Upstream | Draft:
        """Where to change what is sent to the Service, also before there is one."""
        upstream = self.context.upstream
        if upstream is not None:
            return upstream
        if self.draft is None:
            self.draft = Draft()
        return self.draft
