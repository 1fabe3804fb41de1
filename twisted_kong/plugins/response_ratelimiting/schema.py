"""What response-ratelimiting is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY, LIMITS, needs
from twisted_kong.core.schema.typedefs import REDIS, REDIS_SHORTHANDS

SCHEMA: dict[str, Any] = {
    "name": "response-ratelimiting",
    "priority": 900,
    "version": "3.9.1",
    "phases": ["access", "header_filter", "log"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "header_name": {"type": "string", "default": "x-kong-limit"},
            "limit_by": {"type": "string", "default": "consumer", "one_of": ["consumer", "credential", "ip"]},
            "policy": {"type": "string", "default": "local", "one_of": ["local", "cluster", "redis"]},
            "fault_tolerant": {"type": "boolean", "required": True, "default": True},
            "redis": REDIS,
            "block_on_first_violation": {"type": "boolean", "required": True, "default": False},
            "hide_client_headers": {"type": "boolean", "required": True, "default": False},
            "limits": {
                "type": "map",
                "required": True,
                "keys": {"type": "string"},
                "len_min": 1,
                "values": {
                    "type": "record",
                    "required": True,
                    "check": {"fn": "limits_order"},
                    "fields": LIMITS,
                    "entity_checks": [
                        {"at_least_one_of": ["second", "minute", "hour", "day", "month", "year"]}
                    ],
                },
            },
        },
        "shorthand_fields": REDIS_SHORTHANDS,
    },
    "entity_checks": [
        needs("config.policy", "redis", "config.redis.host"),
        needs("config.policy", "redis", "config.redis.port"),
        needs("config.policy", "redis", "config.redis.timeout"),
    ],
}
