"""Upstreams: virtual hosts whose load is balanced over Targets."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import (
    AUTO_TIMESTAMP,
    HEADER_NAME,
    HEADER_VALUES,
    ID,
    PATH,
    SNI,
    TAGS,
    Shape,
    foreign,
)

_HASH_ON: Shape = {
    "type": "string",
    "default": "none",
    "one_of": ["none", "consumer", "ip", "header", "cookie", "path", "query_arg", "uri_capture"],
}
_NAMED: Shape = {"type": "string", "len_min": 1}
_COUNT: Shape = {"type": "integer", "default": 0, "between": [0, 255]}
_SECONDS: Shape = {"type": "number", "between": [0, 65535]}
_CHECK_TYPE: Shape = {
    "type": "string",
    "default": "http",
    "one_of": ["tcp", "http", "https", "grpc", "grpcs"],
}


def _statuses(default: list[int]) -> Shape:
    return {
        "type": "array",
        "default": default,
        "elements": {"type": "integer", "between": [100, 999]},
    }


def _section(fields: dict[str, Shape]) -> Shape:
    """A required record whose default is the defaults of its fields."""
    default = {name: field["default"] for name, field in fields.items() if "default" in field}
    return {"type": "record", "required": True, "default": default, "fields": fields}


_PASSIVE = _section(
    {
        "unhealthy": _section(
            {
                "http_failures": _COUNT,
                "timeouts": _COUNT,
                "tcp_failures": _COUNT,
                "http_statuses": _statuses([429, 500, 503]),
            }
        ),
        "healthy": _section(
            {
                "successes": _COUNT,
                "http_statuses": _statuses([*range(200, 209), 226, *range(300, 309)]),
            }
        ),
        "type": _CHECK_TYPE,
    }
)
_ACTIVE = _section(
    {
        "https_sni": {**SNI, "required": False},
        "https_verify_certificate": {"type": "boolean", "required": True, "default": True},
        "timeout": {**_SECONDS, "default": 1},
        "type": _CHECK_TYPE,
        "unhealthy": _section(
            {
                "http_failures": _COUNT,
                "interval": {**_SECONDS, "default": 0},
                "http_statuses": _statuses([429, 404, 500, 501, 502, 503, 504, 505]),
                "tcp_failures": _COUNT,
                "timeouts": _COUNT,
            }
        ),
        "headers": {"type": "map", "required": False, "keys": HEADER_NAME, "values": HEADER_VALUES},
        "healthy": _section(
            {
                "successes": _COUNT,
                "interval": {**_SECONDS, "default": 0},
                "http_statuses": _statuses([200, 302]),
            }
        ),
        "concurrency": {"type": "integer", "default": 10, "between": [1, 2147483648]},
        "http_path": {**PATH, "default": "/"},
    }
)


def _needs(field: str, value: str, then_field: str) -> Shape:
    """Hashing on something needs to be told on which."""
    return {
        "conditional": {
            "if_field": field,
            "if_match": {"regex": f"^{value}$"},
            "then_field": then_field,
            "then_match": {"required": True},
        }
    }


def _fallbacks(value: str, allowed: list[str]) -> Shape:
    """What may be hashed on where the first choice is missing."""
    return {
        "conditional": {
            "if_field": "hash_on",
            "if_match": {"regex": f"^{value}$"},
            "then_field": "hash_fallback",
            "then_match": {"one_of": allowed},
        }
    }


UPSTREAMS: dict[str, Any] = {
    "name": "upstreams",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "workspaceable": True,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "name": {
            "type": "string",
            "required": True,
            "unique": True,
            "check": {"fn": "validate_upstream_name"},
        },
        "updated_at": AUTO_TIMESTAMP,
        "algorithm": {
            "type": "string",
            "default": "round-robin",
            "one_of": ["consistent-hashing", "least-connections", "round-robin", "latency"],
        },
        "hash_on": _HASH_ON,
        "hash_fallback": _HASH_ON,
        "hash_on_header": HEADER_NAME,
        "hash_fallback_header": HEADER_NAME,
        "hash_on_cookie": {"type": "string", "check": {"fn": "http_token"}},
        "hash_on_cookie_path": {**PATH, "default": "/"},
        "hash_on_query_arg": _NAMED,
        "hash_fallback_query_arg": _NAMED,
        "hash_on_uri_capture": _NAMED,
        "hash_fallback_uri_capture": _NAMED,
        "slots": {"type": "integer", "default": 10000, "between": [10, 65536]},
        "healthchecks": {
            **_section({"passive": _PASSIVE, "active": _ACTIVE}),
            "fields": {
                "passive": _PASSIVE,
                "active": _ACTIVE,
                # per cent of the weight that must be available
                "threshold": {"type": "number", "default": 0, "between": [0, 100]},
            },
        },
        "tags": TAGS,
        "host_header": {"type": "string", "check": {"fn": "host_with_optional_port"}},
        "client_certificate": foreign("certificates"),
        "use_srv_name": {"type": "boolean", "default": False},
    },
    "entity_checks": [
        _needs("hash_on", "header", "hash_on_header"),
        _needs("hash_fallback", "header", "hash_fallback_header"),
        _needs("hash_on", "cookie", "hash_on_cookie"),
        _needs("hash_fallback", "cookie", "hash_on_cookie"),
        _fallbacks("none", ["none"]),
        _fallbacks("cookie", ["none"]),
        _fallbacks("consumer", ["none", "ip", "header", "cookie", "path", "query_arg", "uri_capture"]),
        _fallbacks("ip", ["none", "consumer", "header", "cookie", "path", "query_arg", "uri_capture"]),
        _fallbacks("path", ["none", "consumer", "header", "cookie", "query_arg", "ip", "uri_capture"]),
        {"distinct": ["hash_on_header", "hash_fallback_header"]},
        _needs("hash_on", "query_arg", "hash_on_query_arg"),
        _needs("hash_fallback", "query_arg", "hash_fallback_query_arg"),
        {"distinct": ["hash_on_query_arg", "hash_fallback_query_arg"]},
        _needs("hash_on", "uri_capture", "hash_on_uri_capture"),
        _needs("hash_fallback", "uri_capture", "hash_fallback_uri_capture"),
        {"distinct": ["hash_on_uri_capture", "hash_fallback_uri_capture"]},
    ],
    "shorthand_fields": {
        "algorithm": {"type": "string", "writes": {"fn": "algorithm_shorthand"}},
        "hash_on": {"type": "string", "writes": {"fn": "hash_on_shorthand"}},
    },
}
