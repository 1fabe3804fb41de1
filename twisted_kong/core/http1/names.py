"""The bounded table of field names: every spelling seen, and those that the proxy deals with.

A name is judged once; afterwards one look into a dictionary both validates and classifies it.  Clients choose
the names, so the table forgets everything it learned when it is full: it can be made slow, never large.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted_kong.core.headers import TOKEN
from twisted_kong.core.http1.errors import BadMessage

LEARNED = 4096
LONGEST = 256


class NameTable:
    """Maps a name as spelled to its lower case.

    ``known`` is the table itself, a plain dictionary since it is asked for every line of every head; what it
    lacks is for :meth:`learn`.

    :param special: the lower-case names that the proxy itself deals with.
    """

    def __init__(self, special: Iterable[bytes]) -> None:
        self.special = frozenset(special)
        self.known: dict[bytes, bytes] = {}
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

    def of_line(self, line: bytes) -> bytes:
        """The lower-case name of a header line; :exc:`BadMessage` if the line is none."""
        spelled, colon, _ = line.partition(b":")
        lower = self.known.get(spelled) or self.learn(spelled)
        if not colon:
            raise BadMessage(400, "header line without a colon")
        return lower


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
