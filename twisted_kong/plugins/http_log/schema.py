"""What http-log is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from twisted_kong.core.schema.plugin_typedefs import (
    ANY_PROTOCOL,
    ANYWHERE,
    CUSTOM_FIELDS_BY_LUA,
    OLD_FLUSH_TIMEOUT,
    OLD_QUEUE_SIZE,
    OLD_RETRY_COUNT,
    QUEUE,
)
from twisted_kong.core.schema.typedefs import HEADER_NAME, URL


def no_double_auth(config: Mapping[str, Any]) -> str | None:
    """Whether the server is told in one way only who calls."""
    endpoint, headers = config.get("http_endpoint"), config.get("headers") or {}
    if not isinstance(endpoint, str) or not any(name.lower() == "authorization" for name in headers):
        return None
    if "@" not in urlsplit(endpoint).netloc:
        return None
    return "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed"


SCHEMA: dict[str, Any] = {
    "name": "http-log",
    "priority": 12,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "check": {"fn": "no_double_auth"},
        "fields": {
            "http_endpoint": {**URL, "required": True, "encrypted": True, "referenceable": True},
            "method": {"type": "string", "default": "POST", "one_of": ["POST", "PUT", "PATCH"]},
            "content_type": {
                "type": "string",
                "default": "application/json",
                "one_of": ["application/json", "application/json; charset=utf-8"],
            },
            "timeout": {"type": "number", "default": 10000},
            "keepalive": {"type": "number", "default": 60000},
            "retry_count": OLD_RETRY_COUNT,
            "queue_size": OLD_QUEUE_SIZE,
            "flush_timeout": OLD_FLUSH_TIMEOUT,
            "headers": {
                "type": "map",
                "keys": {
                    **HEADER_NAME,
                    "match_none": [
                        {"regex": "^[Hh][Oo][Ss][Tt]$", "err": "cannot contain 'Host' header"},
                        {
                            "regex": "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]$",
                            "err": "cannot contain 'Content-Length' header",
                        },
                        {
                            "regex": "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee]$",
                            "err": "cannot contain 'Content-Type' header",
                        },
                    ],
                },
                "values": {"type": "string", "referenceable": True},
            },
            "queue": QUEUE,
            "custom_fields_by_lua": CUSTOM_FIELDS_BY_LUA,
        },
    },
}

FUNCTIONS = {"no_double_auth": no_double_auth}
