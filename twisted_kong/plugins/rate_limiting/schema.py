"""What rate-limiting is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.checks.limits import PERIODS, limits_order
from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY, LIMITS, needs
from twisted_kong.core.schema.typedefs import HEADER_NAME, PATH, REDIS, REDIS_SHORTHANDS

# Kong: a node's counters are sent to Redis at once at -1, else every so many seconds
SYNC_AT_ONCE = -1
LOWEST_SYNC_RATE = 0.02


def limits_order_and_sync(config: Mapping[str, Any]) -> str | None:
    """Whether longer periods allow no less than shorter ones, and ``sync_rate`` fits the policy."""
    disorder = limits_order(config)
    if disorder is not None:
        return f"T{disorder[1:]}"
    if config["sync_rate"] != SYNC_AT_ONCE:
        if config["policy"] != "redis":
            return "sync_rate can only be used with the redis policy"
        if config["sync_rate"] < LOWEST_SYNC_RATE:
            return "sync_rate must be greater than 0.02, or -1 to disable"
    return None


SCHEMA: dict[str, Any] = {
    "name": "rate-limiting",
    "priority": 910,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "check": {"fn": "limits_order_and_sync"},
        "fields": {
            **LIMITS,
            "limit_by": {
                "type": "string",
                "default": "consumer",
                "one_of": ["consumer", "credential", "ip", "service", "header", "path"],
            },
            "header_name": HEADER_NAME,
            "path": PATH,
            "policy": {
                "type": "string",
                "default": "local",
                "len_min": 0,
                "one_of": ["local", "cluster", "redis"],
            },
            "fault_tolerant": {"type": "boolean", "required": True, "default": True},
            "redis": REDIS,
            "hide_client_headers": {"type": "boolean", "required": True, "default": False},
            "error_code": {"type": "number", "default": 429, "gt": 0},
            "error_message": {"type": "string", "default": "API rate limit exceeded"},
            "sync_rate": {"type": "number", "required": True, "default": SYNC_AT_ONCE},
        },
        "shorthand_fields": REDIS_SHORTHANDS,
    },
    "entity_checks": [
        {"at_least_one_of": [f"config.{period}" for period in PERIODS]},
        needs("config.policy", "redis", "config.redis.host"),
        needs("config.policy", "redis", "config.redis.port"),
        needs("config.policy", "redis", "config.redis.timeout"),
        needs("config.limit_by", "header", "config.header_name"),
        needs("config.limit_by", "path", "config.path"),
    ],
    "entities": ["ratelimiting_metrics"],
}

FUNCTIONS = {"limits_order_and_sync": limits_order_and_sync}
