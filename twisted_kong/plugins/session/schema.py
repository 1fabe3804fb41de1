"""What session is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, NOT_FOR_CONSUMERS
from twisted_kong.core.schema.typedefs import Shape

_HEADERS: Shape = {
    "type": "set",
    "elements": {
        "type": "string",
        "one_of": [
            "id",
            "audience",
            "subject",
            "timeout",
            "idling-timeout",
            "rolling-timeout",
            "absolute-timeout",
        ],
    },
}


def ignored(value: Any) -> dict[str, Any]:
    """What came of an old setting that means nothing any more."""
    return {}


SCHEMA: dict[str, Any] = {
    "name": "session",
    "priority": 1900,
    "version": "3.9.1",
    "phases": ["access", "header_filter"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "secret": {
                "type": "string",
                "required": False,
                "encrypted": True,
                "referenceable": True,
                "auto": True,
            },
            "storage": {"type": "string", "default": "cookie", "one_of": ["cookie", "kong"]},
            "audience": {"type": "string", "default": "default"},
            "idling_timeout": {"type": "number", "default": 900},
            "rolling_timeout": {"type": "number", "default": 3600},
            "absolute_timeout": {"type": "number", "default": 86400},
            "stale_ttl": {"type": "number", "default": 10},
            "cookie_name": {"type": "string", "default": "session"},
            "cookie_path": {"type": "string", "default": "/"},
            "cookie_domain": {"type": "string"},
            "cookie_same_site": {
                "type": "string",
                "default": "Strict",
                "one_of": ["Strict", "Lax", "None", "Default"],
            },
            "cookie_http_only": {"type": "boolean", "default": True},
            "cookie_secure": {"type": "boolean", "default": True},
            "remember": {"type": "boolean", "default": False},
            "remember_cookie_name": {"type": "string", "default": "remember"},
            "remember_rolling_timeout": {"type": "number", "default": 604800},
            "remember_absolute_timeout": {"type": "number", "default": 2592000},
            "response_headers": _HEADERS,
            "request_headers": _HEADERS,
            "read_body_for_logout": {"type": "boolean", "default": False},
            "logout_methods": {
                "type": "set",
                "default": ["POST", "DELETE"],
                "elements": {"type": "string", "one_of": ["GET", "POST", "DELETE"]},
            },
            "logout_query_arg": {"type": "string", "default": "session_logout"},
            "logout_post_arg": {"type": "string", "default": "session_logout"},
        },
        "shorthand_fields": {
            "cookie_lifetime": {"type": "number", "writes": {"fn": "-> rolling_timeout"}},
            "cookie_idletime": {"type": "number", "writes": {"fn": "-> idling_timeout"}},
            "cookie_renew": {"type": "number", "writes": {"fn": "ignored"}},
            "cookie_discard": {"type": "number", "writes": {"fn": "-> stale_ttl"}},
            "cookie_samesite": {"type": "string", "writes": {"fn": "-> cookie_same_site"}},
            "cookie_httponly": {"type": "boolean", "writes": {"fn": "-> cookie_http_only"}},
            "cookie_persistent": {"type": "boolean", "writes": {"fn": "-> remember"}},
        },
    },
    "entities": ["sessions"],
}

FUNCTIONS = {"ignored": ignored}
