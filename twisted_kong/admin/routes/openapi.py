"""``/openapi.json`` and ``/openapi``: what the Admin API can do, for programs and for people.  Ours.

Both are made when they are first asked for, a few milliseconds at a time, and kept: the endpoints and the
schemas of a running node do not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from twisted_kong.admin.answers import HTML, JSON, Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.etags import ETAG, tag_of
from twisted_kong.admin.openapi.document import Source, encoded, pieces
from twisted_kong.admin.openapi.page import SECURITY_HEADERS, rendered

DOCUMENT = "/openapi.json"
PAGE = "/openapi"

# Seconds that making the document may keep the reactor from other work.
SLICE = 0.001

Headers = tuple[tuple[str, str], ...]


class OpenApiEndpoints:
    """The endpoints.

    :param source: gives what the document is made from, once all endpoints are known.
    """

    def __init__(self, source: Callable[[], Source], clock: IReactorTime) -> None:
        self._document = MadeOnce(lambda: encoded(pieces(source())), JSON, clock)
        self._page = MadeOnce(lambda: rendered(pieces(source())), HTML, clock, SECURITY_HEADERS)

    def table(self) -> Table:
        """Paths and handlers."""
        return {DOCUMENT: {"GET": self.document}, PAGE: {"GET": self.page}}

    async def document(self, call: Call) -> Answer:
        """GET: the OpenAPI document of this Admin API."""
        return await self._document.answer()

    async def page(self, call: Call) -> Answer:
        """GET: the document as a page to browse."""
        return await self._page.answer()


class MadeOnce:
    """An answer that takes a while to make: made once, in slices, however many wait for it.

    :param make: yields its body piece by piece, each after a moment's work.
    """

    def __init__(
        self, make: Callable[[], Iterator[bytes]], media: str, clock: IReactorTime, headers: Headers = ()
    ) -> None:
        self._make, self._media, self._clock, self._headers = make, media, clock, headers
        self._answer: Answer | None = None
        self._waiting: list[Deferred[Answer]] | None = None

    async def answer(self) -> Answer:
        """The answer. What goes wrong in making it is raised to all who wait; the next call tries again."""
        if self._answer is not None:
            return self._answer
        if self._waiting is not None:
            waiter: Deferred[Answer] = Deferred()
            self._waiting.append(waiter)
            return await waiter
        self._waiting = []
        try:
            self._answer = await self._made()
        except Exception as error:
            for waiter in self._taken():
                waiter.errback(error)
            raise
        for waiter in self._taken():
            waiter.callback(self._answer)
        return self._answer

    def _taken(self) -> list[Deferred[Answer]]:
        waiting, self._waiting = self._waiting or [], None
        return waiting

    async def _made(self) -> Answer:
        parts, digest = [], sha256()
        begun = self._clock.seconds()
        for part in self._make():
            parts.append(part)
            digest.update(part)
            if not 0 <= self._clock.seconds() - begun < SLICE:
                await deferLater(self._clock, 0, lambda: None)
                begun = self._clock.seconds()
        headers = (*self._headers, (ETAG, tag_of(digest.digest())), ("Cache-Control", "no-cache"))
        return Answer(200, b"".join(parts), self._media, headers)
