"""The Admin API as a Klein application: paths to endpoints, and their answers to responses.

What is the same for every endpoint happens here, in this order: TRACE is refused, Host and Origin are
checked, a body that was too large is refused, the path is looked up, the Content-Type is checked, OPTIONS
and HEAD are derived from the endpoint's methods, the body is decoded, the endpoint is called, errors are
given their answer.

A client that goes away does not cancel its call: a write that has reached the store must also reach the
caches.
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from typing_extensions import override

from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.answers import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNEXPECTED,
    Answer,
    message,
    page,
    reason,
)
from twisted_kong.admin.bodies import check_type, decode_body, parse_pairs
from twisted_kong.admin.calls import METHODS_WITH_BODY, Call, Handler, Table, allowed_methods
from twisted_kong.admin.confirmation import Confirmation, timeout_wanted
from twisted_kong.admin.failures import answer_for
from twisted_kong.admin.site import BoundedRequest
from twisted_kong.core.errors import DatabaseUnavailable

SERVER = "kong/3.9.1"

# Paths whose POST takes YAML too.
YAML_PATHS = frozenset({"/config"})

READING = frozenset({"GET", "HEAD"})

_log = Logger()


@dataclass(frozen=True, slots=True)
class AdminHeaders:
    """Which of Kong's own headers the answers carry."""

    server: bool = True
    latency: bool = True

    @classmethod
    def configured(cls, headers: Collection[str]) -> AdminHeaders:
        """As the property ``headers`` of kong.conf says, given as lower-case names of single fields."""
        return cls(server="server" in headers, latency="x-kong-admin-latency" in headers)


ALL_HEADERS = AdminHeaders()


class AdminApp:
    """Serves a table of endpoints over HTTP.

    :param table: the endpoints; see :func:`twisted_kong.admin.calls.merged`.
    :param access: who may come in.
    :param clock: whose seconds the latency is measured by.
    :param confirmation: holds back answers to writes that ask for it; without it ``wait`` means nothing.
    """

    def __init__(
        self,
        table: Table,
        access: AccessRules,
        clock: IReactorTime,
        headers: AdminHeaders = ALL_HEADERS,
        confirmation: Confirmation | None = None,
    ) -> None:
        self._table = table
        self._access = access
        self._clock = clock
        self._headers = headers
        self._confirmation = confirmation

    def resource(self) -> IResource:
        """The root resource for a :class:`~twisted_kong.admin.site.BoundedSite`.

        Importing klein installs the global reactor, so call this only after one was chosen.
        """
        return _Front(self, _routing(tuple(self._table)))

    def refusal(self, request: BoundedRequest) -> Answer | None:
        """The answer to a request that does not get as far as the endpoints, if it is such a one."""
        request.arrived = self._clock.seconds()
        if len(request.requestHeaders.getRawHeaders(b"host", ())) > 1:
            # RFC 9112 §3.2: which of them counts is anybody's guess, so the check below would be one too.
            return page(400)
        refused = self._access.refusal(_header(request, b"host"), _header(request, b"origin"))
        if refused is not None:
            return message(403, refused)
        return page(413) if request.too_large else None

    def prepare(self, request: BoundedRequest, answer: Answer, *, trusted: bool = True) -> bytes:
        """Set status and headers of the response; what is returned is left to be written.

        :param trusted: whether the Origin of the request was found good and may read the answer.
        """
        request.setResponseCode(answer.status, reason(answer.status).encode("ascii"))
        headers = request.responseHeaders
        headers.setRawHeaders("Access-Control-Allow-Credentials", ["true"])
        if trusted:
            origin = self._access.allowed_origin(_header(request, b"origin"))
            headers.setRawHeaders("Access-Control-Allow-Origin", [origin])
        if answer.content_type is not None:
            headers.setRawHeaders("Content-Type", [answer.content_type])
        if answer.status != 204:
            headers.setRawHeaders("Content-Length", [str(len(answer.body))])
        if self._headers.latency:
            elapsed = int((self._clock.seconds() - request.arrived) * 1000)
            headers.setRawHeaders("X-Kong-Admin-Latency", [str(elapsed)])
        headers.removeHeader("Server")
        if self._headers.server:
            headers.setRawHeaders("Server", [SERVER])
        for name, value in answer.headers:
            headers.setRawHeaders(name, [value])
        return answer.body

    async def respond(self, request: BoundedRequest, path: str, params: Mapping[str, str]) -> bytes:
        """Answer a request to one of the table's paths."""
        method = request.method.decode("latin-1")
        try:
            answer = await self._answer(request, method, path, params)
        except Exception as error:
            known = answer_for(error, writing=method not in ("GET", "HEAD"))
            if isinstance(error, DatabaseUnavailable):
                _log.error("{method} {path} failed: {error}", method=method, path=path, error=error)
            elif known is None or known.status >= 500:
                _log.failure("{method} {path} failed", method=method, path=path)
            answer = known or UNEXPECTED
        return self.prepare(request, answer)

    async def _answer(
        self,
        request: BoundedRequest,
        method: str,
        path: str,
        params: Mapping[str, str],
    ) -> Answer:
        handlers = self._table[path]
        takes_body = method in METHODS_WITH_BODY
        kind, data = _header(request, b"content-type") or "", b""
        if takes_body:
            data = request.body()
            check_type(kind, data, yaml=path in YAML_PATHS)
        if method == "OPTIONS":
            return _options(request, handlers)
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            return METHOD_NOT_ALLOWED
        sent, _, query = request.uri.partition(b"?")
        call = Call(
            method=method,
            path=sent.decode("latin-1").removesuffix("/") or "/",
            params={name: unquote(value) for name, value in params.items()},
            query=[] if takes_body else parse_pairs(query),
            body=decode_body(kind, data) if takes_body else decode_body("", b""),
            author=_author(request),
        )
        if self._confirmation is None or method in READING or b"wait" not in query:
            return await handler(call)
        # Refused, if it must be, before anything is written.
        timeout = timeout_wanted(parse_pairs(query))
        answer = await handler(call)
        return answer if timeout is None else await self._confirmation.confirmed(answer, timeout)


class _Front(Resource):
    """The root: refuses what must not get in, and hands Klein a path in which only separators are slashes."""

    isLeaf = True  # noqa: N815 -- the name is twisted.web's

    def __init__(self, app: AdminApp, klein: IResource) -> None:
        super().__init__()
        self._app = app
        self._klein = klein

    @override
    def render(self, request: Any) -> Any:
        """Answer a request, now or later."""
        if request.method == b"TRACE":
            return _bare(request, page(405))
        refused = self._app.refusal(request)
        if refused is not None:
            body = self._app.prepare(request, refused, trusted=refused.status != 403)
        else:
            segments = segments_of(request.path)
            if segments is not None:
                request.postpath = segments
                request.app = self._app
                return self._klein.render(request)
            body = self._app.prepare(request, NOT_FOUND)
        request.write(body)
        request.finish()
        return NOT_DONE_YET


@lru_cache(maxsize=8)
def _routing(paths: tuple[str, ...]) -> IResource:
    """Klein's routing of some paths to the application that a request came through.

    It depends on the paths alone and takes a while to make, so it is made once for each set of them.
    """
    from klein import Klein

    klein = Klein()
    klein.url_map.merge_slashes = False
    for path in paths:
        rule = path.replace("{", "<").replace("}", ">")
        klein.route(rule, endpoint=path)(_renderer(path))
    unrouted: Any = _unrouted
    klein.handle_errors(Exception)(unrouted)
    return klein.resource()


def _renderer(path: str) -> Any:
    def render(request: Any, **params: str) -> Deferred[bytes]:
        return _sheltered(request.app.respond(request, path, params))

    return render


def _unrouted(request: Any, failure: Failure) -> bytes:
    from werkzeug.exceptions import NotFound

    answer = NOT_FOUND
    if not failure.check(NotFound):
        _log.failure("the Admin API cannot route {path}", failure, path=request.path)
        answer = UNEXPECTED
    body: bytes = request.app.prepare(request, answer)
    return body


def segments_of(path: bytes) -> list[bytes] | None:
    """The segments of a request path in which ``%`` and ``/`` are escaped and nothing else is.

    One final slash is tolerated. None for a path that can be none of ours: an empty segment, or no UTF-8.
    Kong: cannot address an entity whose name holds a slash, since nginx decodes the path before it is split.
    """
    if path == b"/":
        return [b""]
    if not path.startswith(b"/"):
        return None
    result = []
    for segment in path[1:].removesuffix(b"/").split(b"/"):
        decoded = unquote_to_bytes(segment)
        try:
            decoded.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if not decoded:
            return None
        result.append(decoded.replace(b"%", b"%25").replace(b"/", b"%2F"))
    return result


def _author(request: BoundedRequest) -> str:
    """Who calls, as far as it can be known: the address at the other end, whatever the headers say."""
    address = request.getClientAddress()
    return str(getattr(address, "host", None) or "unix")


def _bare(request: BoundedRequest, answer: Answer) -> bytes:
    """An answer as nginx gives it to what it does not hand on: without Kong's headers."""
    request.setResponseCode(answer.status, reason(answer.status).encode("ascii"))
    request.responseHeaders.removeHeader("Server")
    request.responseHeaders.setRawHeaders("Content-Type", [answer.content_type or ""])
    return answer.body


def _options(request: BoundedRequest, handlers: Mapping[str, Handler]) -> Answer:
    """204, with what the path allows; a preflight is told that it may send the headers it asks for."""
    allowed = ", ".join(allowed_methods(handlers))
    asked = _header(request, b"access-control-request-headers")
    return Answer(204).with_headers(
        ("Allow", allowed),
        ("Access-Control-Allow-Methods", allowed),
        ("Access-Control-Allow-Headers", asked or "Content-Type"),
    )


def _sheltered(work: Coroutine[Any, Any, bytes]) -> Deferred[bytes]:
    """The result of some work that goes on to its end even when nobody waits for the result any more."""
    waiting: Deferred[bytes] = Deferred()
    Deferred.fromCoroutine(work).chainDeferred(waiting)
    return waiting


def _header(request: BoundedRequest, name: bytes) -> str | None:
    """The value of a request header, the last one where there are several."""
    values = request.requestHeaders.getRawHeaders(name)
    return values[-1].decode("latin-1") if values else None
