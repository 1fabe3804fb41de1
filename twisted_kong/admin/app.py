"""The Admin API as a Klein application: paths to endpoints, and their answers to responses.

What is the same for every endpoint happens here, in this order: TRACE is refused, Host and Origin are
checked, then the token, a body that was too large is refused, the path is looked up, the Content-Type is
checked, OPTIONS and HEAD are derived from the endpoint's methods, what the caller may do is judged, the body
is decoded, the endpoint is called, errors are given their answer.

A client that goes away does not cancel its call: a write that has reached the store must also reach the
caches.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web.resource import IResource

from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.answers import (
    METHOD_NOT_ALLOWED,
    UNEXPECTED,
    Answer,
    message,
    page,
    reason,
)
from twisted_kong.admin.batch import PATH as BATCH
from twisted_kong.admin.bodies import (
    EMPTY,
    MAX_BATCH_VALUES,
    MAX_VALUES,
    Body,
    check_type,
    decode_body,
    parse_pairs,
)
from twisted_kong.admin.browsers import (
    EMBEDDED,
    GUARDS,
    PRIVATE,
    grants,
    is_embedded,
    is_preflight,
    options_fields,
)
from twisted_kong.admin.calls import METHODS_WITH_BODY, READING, Handler, Table, allowed_methods, everything
from twisted_kong.admin.confirmation import Confirmation, timeout_wanted
from twisted_kong.admin.dispatch import Asked, dispatch, handler_of
from twisted_kong.admin.dry_run import DryRun, dry_run_wanted
from twisted_kong.admin.etags import conditions_in
from twisted_kong.admin.failures import answer_for
from twisted_kong.admin.front import Front, routing
from twisted_kong.admin.routes.config import CONFIG
from twisted_kong.admin.routes.diff import DIFF
from twisted_kong.admin.routes.explain import PATH as EXPLAIN
from twisted_kong.admin.site import BoundedRequest
from twisted_kong.admin.tokens import UNAUTHORIZED, Caller, Gate, offered_token
from twisted_kong.core.errors import DatabaseUnavailable

SERVER = "kong/3.9.1"

# Paths that take a document, in YAML too, and decode it themselves: it may be long.
DOCUMENT_PATHS = frozenset({CONFIG, DIFF})
# Those of them where a GET may carry one. RFC 9110 §9.3.1 gives the body of a GET no meaning of its own.
GET_WITH_BODY = frozenset({DIFF})

# Paths where a POST reads what the node holds, and needs no database for it.
READ_BY_POST = frozenset({EXPLAIN})

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
    :param before_write: awaited before each write, whose endpoint decides by what it reads: catches up.
    :param gate: asks for tokens; without it who comes in may do everything.
    :param dry_run: tries writes out that ask for it; without it ``dry_run`` means nothing.
    """

    def __init__(
        self,
        table: Table,
        access: AccessRules,
        clock: IReactorTime,
        headers: AdminHeaders = ALL_HEADERS,
        confirmation: Confirmation | None = None,
        before_write: Callable[[], Awaitable[None]] | None = None,
        dry_run: DryRun | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._table = table
        self._access = access
        self._clock = clock
        self._headers = headers
        self._confirmation = confirmation
        self._before_write = before_write
        self._dry_run = dry_run
        self._gate = gate
        self._guards = GUARDS if gate is None else (*GUARDS, PRIVATE)

    def resource(self) -> IResource:
        """The root resource for a :class:`~twisted_kong.admin.site.BoundedSite`.

        Importing klein installs the global reactor, so call this only after one was chosen.
        """
        return Front(self, routing(tuple(self._table)))

    def refusal(self, request: BoundedRequest) -> Answer | None:
        """The answer to a request that does not get as far as the endpoints, if it is such a one.

        Asked when its head has come, if a body follows, and again when all has come.
        """
        request.arrived = self._clock.seconds()
        if len(request.requestHeaders.getRawHeaders(b"host", ())) > 1:
            # RFC 9112 §3.2: which of them counts is anybody's guess, so the check below would be one too.
            return page(400)
        refused = self._access.refusal(_header(request, b"host"), _header(request, b"origin"))
        if refused is not None:
            return message(403, refused)
        header = partial(_header, request)
        if is_embedded(request.method, header):
            return EMBEDDED
        request.caller = self._caller(request)
        if request.caller is None and not is_preflight(request.method, header):
            return UNAUTHORIZED
        return page(413) if request.too_large else None

    def prepare(self, request: BoundedRequest, answer: Answer, *, trusted: bool = True) -> bytes:
        """Set status and headers of the response; what is returned is left to be written.

        :param trusted: whether the Origin of the request was found good and may read the answer.
        """
        request.setResponseCode(answer.status, reason(answer.status).encode("ascii"))
        headers = request.responseHeaders
        fields = self._guards
        if trusted:
            allowed = self._access.allowed_origin(_header(request, b"origin"))
            fields += grants(allowed, partial(_header, request))
        if answer.content_type is not None:
            headers.setRawHeaders("Content-Type", [answer.content_type])
        if answer.status not in (204, 304):
            headers.setRawHeaders("Content-Length", [str(len(answer.body))])
        if self._headers.latency:
            elapsed = int((self._clock.seconds() - request.arrived) * 1000)
            headers.setRawHeaders("X-Kong-Admin-Latency", [str(elapsed)])
        headers.removeHeader("Server")
        if self._headers.server:
            headers.setRawHeaders("Server", [SERVER])
        for name, value in (*fields, *answer.headers):
            headers.setRawHeaders(name, [value])
        return answer.body

    async def respond(self, request: BoundedRequest, path: str, params: Mapping[str, str]) -> bytes:
        """Answer a request to one of the table's paths."""
        method = request.method.decode("latin-1")
        try:
            answer = await self._answer(request, method, path, params)
        except Exception as error:
            known = answer_for(error, writing=method not in READING)
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
        caller: Caller | None = request.caller
        takes_body = method in METHODS_WITH_BODY or (method == "GET" and path in GET_WITH_BODY)
        kind, data = _header(request, b"content-type") or "", b""
        if takes_body:
            data = request.body()
            check_type(kind, data, yaml=path in DOCUMENT_PATHS)
        if method == "OPTIONS":
            return _options(request, handlers)
        if handler_of(handlers, method) is None:
            return METHOD_NOT_ALLOWED
        if caller is None:
            # Let in without a token, as a preflight, which OPTIONS alone is.
            return UNAUTHORIZED
        permit = everything if self._gate is None else partial(self._gate.permit, caller)
        # Before the body is read: to make sense of ten megabytes takes long, and may be for nothing.
        permit(method, path)
        sent, _, query = request.uri.partition(b"?")
        reading = method in READING or path in READ_BY_POST
        asked = Asked(
            method=method,
            path=sent.decode("latin-1").removesuffix("/") or "/",
            pattern=path,
            params={name: unquote(value) for name, value in params.items()},
            query=parse_pairs(query),
            body=_body(path, kind, data) if takes_body else EMPTY,
            accept=_header(request, b"accept") or "",
            author=caller.author,
            conditions=conditions_in(*(_lines(request, name) for name in (b"if-match", b"if-none-match"))),
            permit=permit,
        )
        return await (dispatch(self._table, asked) if reading else self._write(asked))

    async def _write(self, asked: Asked) -> Answer:
        # Refused, if it must be, before anything is written.
        timeout = None if self._confirmation is None else timeout_wanted(asked.query)
        dry = self._dry_run if dry_run_wanted(asked.query) else None
        if self._before_write is not None:
            await self._before_write()
            asked = replace(asked, caught_up=True)
        if dry is not None:
            return await dry.answer(self._table, asked)
        answer = await dispatch(self._table, asked)
        if self._confirmation is None or timeout is None:
            return answer
        return await self._confirmation.confirmed(answer, timeout)

    def _caller(self, request: BoundedRequest) -> Caller | None:
        """Who calls, as far as it can be known; None for one who must show a good token and has none."""
        # The address at the other end, whatever the headers say.
        address = str(getattr(request.getClientAddress(), "host", None) or "unix")
        if self._gate is None:
            return Caller(address, subject=request.subject)
        offered = offered_token(_header(request, b"kong-admin-token"), _header(request, b"authorization"))
        return self._gate.caller(offered, address, request.subject)


def _body(path: str, kind: str, data: bytes) -> Body:
    if path in DOCUMENT_PATHS:
        return Body({}, raw=data, kind=kind)
    return decode_body(kind, data, MAX_BATCH_VALUES if path == BATCH else MAX_VALUES)


def _options(request: BoundedRequest, handlers: Mapping[str, Handler]) -> Answer:
    """204, with what the path allows."""
    allowed = ", ".join(allowed_methods(handlers))
    return Answer(204).with_headers(*options_fields(allowed, partial(_header, request)))


def _lines(request: BoundedRequest, name: bytes) -> list[str]:
    """The lines of a request header."""
    return [value.decode("latin-1") for value in request.requestHeaders.getRawHeaders(name, ())]


def _header(request: BoundedRequest, name: bytes) -> str | None:
    """The value of a request header, the last one where there are several."""
    values = request.requestHeaders.getRawHeaders(name)
    return values[-1].decode("latin-1") if values else None
