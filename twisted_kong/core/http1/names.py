"""The bounded tables of field names and of the shapes of blocks, and which names the proxy deals with.

A name is judged once; afterwards one look into a dictionary both validates and classifies it, or all names of
a block at once.  Clients choose the names, so the tables forget everything they learned when they are full:
they can be made slow, never large.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted_kong.core.headers import TOKEN
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.shapes import Shape

LEARNED = 4096
LONGEST = 256
SHAPES = 1024
# Bytes that the names of a remembered shape have together.
LARGEST = 2048


class NameTable:
    """Maps a name as spelled to its lower case, and the names of a block to its shape.

    ``known`` is the table of names itself; what it lacks is for :meth:`learn`.  ``latest`` is the shape that
    was asked for last.

    :param special: the lower-case names that the proxy itself deals with.
    """

    def __init__(self, special: Iterable[bytes]) -> None:
        self.special = frozenset(special)
        self.known: dict[bytes, bytes] = {}
        self._shapes: dict[tuple[bytes, ...], Shape] = {}
        self.latest = Shape((), (), self.special)
        self._seed()

    def _seed(self) -> None:
        for name in self.special:
            self.known[name] = self.known[name.title()] = name

    def learn(self, name: bytes) -> bytes:
        """Judge a spelling for the first time; :exc:`BadMessage` if it is no field name (RFC 9110 §5.1)."""
        if TOKEN.fullmatch(name) is None:
            raise BadMessage(400, "field name")
        lower = name.lower()
        if len(name) <= LONGEST:
            if len(self.known) >= LEARNED:
                self.known.clear()
                self._seed()
            self.known[name] = lower
        return lower

    def shape_of(self, lines: list[bytes]) -> Shape:
        """The shape of a block with these lines; :exc:`BadMessage` if one of them is no field."""
        try:
            spelled = tuple([line[: line.index(b":")] for line in lines])
        except ValueError:
            raise BadMessage(400, "header line without a colon") from None
        shape = self._shapes.get(spelled)
        if shape is None:
            known = self.known
            names = [known.get(name) or self.learn(name) for name in spelled]
            shape = Shape(spelled, names, self.special)
            if sum(map(len, spelled)) <= LARGEST:
                if len(self._shapes) >= SHAPES:
                    self._shapes.clear()
                self._shapes[spelled] = shape
        shape.meet()
        self.latest = shape
        return shape


_HOP_BY_HOP = (
    b"connection",
    b"content-length",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"transfer-encoding",
    b"upgrade",
)

REQUEST_NAMES = NameTable(
    (
        *_HOP_BY_HOP,
        b"expect",
        b"host",
        # Would become HTTP_PROXY in a CGI Service.
        b"proxy",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-path",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-kong-request-id",
        b"x-real-ip",
    )
)

RESPONSE_NAMES = NameTable(
    (
        *_HOP_BY_HOP,
        b"via",
        b"trailer",
        b"x-kong-proxy-latency",
        b"x-kong-request-id",
        b"x-kong-response-latency",
        b"x-kong-upstream-latency",
        b"x-kong-upstream-status",
    )
)
