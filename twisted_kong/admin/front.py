"""The way in to the Admin API: what is refused at the door, and the routing of paths to the application."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from typing_extensions import override
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map

from twisted_kong.admin.answers import NOT_FOUND, UNEXPECTED, Answer, page
from twisted_kong.admin.site import BoundedRequest

_log = Logger()


class IAdminApp(Protocol):
    """What answers requests that have come in."""

    def refusal(self, request: BoundedRequest) -> Answer | None:
        """The answer to a request that does not get as far as the endpoints, if it is such a one."""

    def prepare(self, request: BoundedRequest, answer: Answer, *, trusted: bool = True) -> bytes:
        """Set status and headers of the response; what is returned is left to be written."""

    async def respond(self, request: BoundedRequest, path: str, params: Mapping[str, str]) -> bytes:
        """Answer a request to one of the paths."""


class Front(Resource):
    """The root: refuses what must not get in, and hands Klein a path in which only separators are slashes."""

    isLeaf = True  # noqa: N815 -- the name is twisted.web's

    def __init__(self, app: IAdminApp, klein: IResource) -> None:
        super().__init__()
        self._app = app
        self._klein = klein

    @override
    def render(self, request: Any) -> Any:
        """Answer a request, now or later."""
        if request.method == b"TRACE":
            return request.answer_bare(page(405))
        refused = request.refused or self._app.refusal(request)
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


def routing(paths: tuple[str, ...]) -> IResource:
    """Klein's routing of some paths to the application that a request came through."""
    resource: IResource = _klein(paths).resource()
    return resource


def rules(paths: tuple[str, ...]) -> Map:
    """The rules by which Klein finds these paths, for what looks one up by itself."""
    found: Map = _klein(paths).url_map
    return found


@lru_cache(maxsize=8)
def _klein(paths: tuple[str, ...]) -> Any:
    """It depends on the paths alone and takes a while to make, so it is made once for each set of them."""
    from klein import Klein

    klein = Klein()
    klein.url_map.merge_slashes = False
    for path in paths:
        rule = path.replace("{", "<").replace("}", ">")
        klein.route(rule, endpoint=path)(_renderer(path))
    unrouted: Any = _unrouted
    klein.handle_errors(Exception)(unrouted)
    return klein


def _renderer(path: str) -> Any:
    def render(request: Any, **params: str) -> Deferred[bytes]:
        answer: Deferred[bytes] = request.sheltered(request.app.respond(request, path, params))
        return answer

    return render


def _unrouted(request: Any, failure: Failure) -> bytes:
    answer = NOT_FOUND
    if not failure.check(NotFound):
        # Not its path: there may be a credential in it.
        _log.failure("the Admin API cannot route a request", failure)
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
