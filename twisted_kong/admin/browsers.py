"""What browsers are told with each answer, and what they tell of the page that made them send a request.

Answers may be read by pages of allowed origins only (CORS).  Against pages that embed what they may not
read – as an image, a script, a frame – each answer says that it is for its own origin, no frame, and of the
type that it says it is; and browsers say in ``Sec-Fetch-Site`` that another site's page is embedding.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted_kong.admin.answers import Answer, message
from twisted_kong.admin.etags import ETAG
from twisted_kong.admin.kinds import APPLIED, POSITION

Fields = tuple[tuple[str, str], ...]

# The value of a request header by lower-case name, None where it is missing.
Header = Callable[[bytes], str | None]

# What pages of other origins may see of the headers of an answer, beside those that are always seen.
EXPOSED = ", ".join((ETAG, POSITION, APPLIED, "X-Kong-Dry-Run", "Allow", "X-Kong-Admin-Latency"))

GUARDS: Fields = (
    ("Vary", "Origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
)
"""On every answer; what an endpoint says itself goes before."""

PRIVATE = ("Cache-Control", "no-store")
"""On every answer where tokens are asked for: caches do not know that its header tells callers apart."""


def is_embedded(method: bytes, header: Header) -> bool:
    """Whether a page of another site has a browser send this without saying who it is.

    With an Origin it would be judged by that.  Without one it cannot be meant to be read, unless it is the
    visitor himself who follows a link to see the answer.
    """
    if header(b"sec-fetch-site") != "cross-site" or header(b"origin") is not None:
        return False
    visits = header(b"sec-fetch-mode") == "navigate" and header(b"sec-fetch-dest") == "document"
    return not visits or method not in (b"GET", b"HEAD")


EMBEDDED: Answer = message(403, "pages of other sites may not embed answers of this Admin API")


def grants(allowed: str, header: Header) -> Fields:
    """What lets a page of a known origin read the answer.

    Credentials: a browser adds none of its own but a client certificate; tokens are added by the page.

    :param allowed: the origin, or ``*``.
    """
    fields: Fields = (("Access-Control-Allow-Origin", allowed), ("Access-Control-Allow-Credentials", "true"))
    if header(b"origin") is not None:
        fields += (("Access-Control-Expose-Headers", EXPOSED),)
    return fields


def is_preflight(method: bytes, header: Header) -> bool:
    """Whether a browser asks what it may send; it never sends a token along with that."""
    return method == b"OPTIONS" and header(b"access-control-request-method") is not None


def options_fields(allowed: str, header: Header) -> Fields:
    """What OPTIONS is answered; a preflight is told that it may send the headers it asks for.

    A page that was loaded from elsewhere asks besides whether it may reach into this network at all.

    :param allowed: the methods that the path has.
    """
    asked = header(b"access-control-request-headers")
    fields: Fields = (
        ("Allow", allowed),
        ("Access-Control-Allow-Methods", allowed),
        ("Access-Control-Allow-Headers", asked or "Content-Type"),
    )
    if header(b"access-control-request-private-network") == "true" and header(b"origin") is not None:
        fields += (("Access-Control-Allow-Private-Network", "true"),)
    return fields
