"""Where our answers differ from Kong's on purpose: file and number of the exchange, and the reason.

The test fails for a difference that is not listed here and for one listed here that is none any more.
docs/compatibility.md tells users the same.
"""

from __future__ import annotations

NO_OBJECT = "Kong crashes on JSON that is no object and answers 500; we answer 400"
WRONG_TYPE = "Kong crashes on a number in this place and answers 500; we answer 400"
LATER = "the endpoints of acme and prometheus come with their handlers"
REQUEST_ID = "Kong names the request in this one answer, by an id that its log knows; ours has none"
WITH_DATABASE = (
    "Kong has the declarative configuration without a database only; we read and write it with one"
)
UNNAMED_TIMERS = "Kong names its timers and counts their runs; delayed calls here have no names"
CACHE_LISTING = "an addition of ours: the listing of the cache"
FOREIGN_ORIGIN = "Kong reflects any Origin with credentials; we refuse one that is not known"
SNI_SHOWN = "Kong shows the Certificate without the SNI that the same request made; we show it"

KNOWN: dict[tuple[str, int], str] = {
    ("services", 86): NO_OBJECT,
    ("services", 87): NO_OBJECT,
    ("services", 88): NO_OBJECT,
    ("plugins", 10): WRONG_TYPE,
    ("cred_acl", 19): REQUEST_ID,
    ("targets", 19): WRONG_TYPE,
    ("misc_admin", 8): LATER,
    ("misc_admin", 9): UNNAMED_TIMERS,
    ("misc_admin", 11): WITH_DATABASE,
    ("misc_admin", 12): WITH_DATABASE,
    ("misc_admin", 13): WITH_DATABASE,
    ("misc_admin", 14): CACHE_LISTING,
    ("misc_admin", 25): LATER,
    ("misc_admin", 62): FOREIGN_ORIGIN,
    ("misc_admin", 63): FOREIGN_ORIGIN,
    ("misc_admin", 73): LATER,
    ("certificates", 40): SNI_SHOWN,
}

# What whoever recorded the answers says is not to be followed: 500 for odd JSON, any Origin let in.
# These are told one by one; every other difference counts against us, whatever its reason.
NOT_TO_BE_FOLLOWED = frozenset({NO_OBJECT, WRONG_TYPE, FOREIGN_ORIGIN})


# Of a whole node with its proxy.
HOST_CASE = "Kong compares the host of a request as it was written with those of Routes; a host has no case"
ENCODED_PREFIX = "Kong sends X-Forwarded-Prefix decoded, line ends and all; we send it percent-encoded"
WHOLE_CHAIN = "Kong forwards only the first of several X-Forwarded-For lines, which may be forged; we all"
NO_REDIS = "Kong finds no Redis there and lets pass or answers 500; we count on this node with any policy"
GRPC_ERROR = "Kong sends an empty Content-Type and no grpc-status to a client of HTTP/1 that accepts gRPC"

PROXY_KNOWN: dict[tuple[str, int], str] = {
    ("proxy_match", 27): HOST_CASE,
    ("proxy_match", 46): ENCODED_PREFIX,
    ("proxy_match", 47): ENCODED_PREFIX,
    ("proxy_headers", 34): WHOLE_CHAIN,
    ("proxy_errors", 24): GRPC_ERROR,
    ("plugin_traffic", 87): NO_REDIS,
    ("plugin_traffic", 88): NO_REDIS,
}

BALANCER_KNOWN: dict[int, str] = {}
