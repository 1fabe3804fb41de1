"""What many operations refer to: parameters, headers, the ways to authenticate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.admin.confirmation import LONGEST, TIMEOUT
from twisted_kong.admin.openapi.operations import Parameter
from twisted_kong.admin.pages import DEFAULT_SIZE
from twisted_kong.db.paging import MAX_SIZE

Json = dict[str, Any]

SIZE: Json = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
SECONDS: Json = {"type": "number", "minimum": 0, "maximum": LONGEST, "default": TIMEOUT}
_ETAG = r'(W/)?"[!#-~]*"'
_ETAGS: Json = {"type": "string", "pattern": rf"^(\*|{_ETAG}( *, *{_ETAG})*)$", "examples": ['"xyzzy"']}

PARAMETERS: Mapping[str, Parameter] = {
    "Size": Parameter("size", "How many to a page.", SIZE),
    "Offset": Parameter("offset", "Where the page begins, as the page before it said.", {"type": "string"}),
    "Tags": Parameter(
        "tags",
        "Only what carries these tags: `a,b` both, `a/b` either; five at most.",
        {"type": "string", "minLength": 1, "examples": ["team-a"]},
    ),
    "SortDesc": Parameter(
        "sort_desc",
        "`1`: the highest ids first; the links to the next pages keep it.",
        {"enum": ["1", "true", "0", "false"], "default": "0"},
    ),
    "Wait": Parameter(
        "wait", "`cluster`: answer when every living node has applied the write.", {"const": "cluster"}
    ),
    "WaitTimeout": Parameter("wait_timeout", "For how many seconds to wait at most.", SECONDS),
    "DryRun": Parameter(
        "dry_run",
        "`1`: nothing is written; the answer tells what would be answered and changed.",
        {"enum": ["1", "true", "0", "false"]},
    ),
    "IfMatch": Parameter(
        "If-Match", "Only if the entity still has one of these tags; `*` for any.", _ETAGS, "header"
    ),
    "IfNoneMatch": Parameter(
        "If-None-Match",
        "Only if the entity has none of these tags; `*`: only if there is none.",
        _ETAGS,
        "header",
    ),
}

# The arguments of every collection.
PAGE = ("Size", "Offset", "Tags", "SortDesc")

HEADERS: Mapping[str, Json] = {
    "X-Kong-Position": {
        "description": "Where the write stands in the log of changes; see `GET /cluster/convergence`.",
        "schema": {"type": "string"},
    },
    "X-Kong-Applied": {
        "description": "`false`: the write stands, but this node could not follow it in time.",
        "schema": {"const": "false"},
    },
    "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}},
    "ETag": {
        "description": "The tag of the entity as it is now, for `If-Match`.",
        "schema": {"type": "string"},
    },
}

WRITTEN = ("X-Kong-Position", "X-Kong-Applied")
ENTITY_WRITTEN = (*WRITTEN, "ETag")

SECURITY_SCHEMES: Mapping[str, Json] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the Admin API, where `admin_auth = token`.",
    },
    "kongAdminToken": {
        "type": "apiKey",
        "in": "header",
        "name": "Kong-Admin-Token",
        "description": "The same token as Kong's clients send it.",
    },
}
