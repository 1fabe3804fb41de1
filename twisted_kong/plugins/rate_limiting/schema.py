"""What rate-limiting is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from twisted_kong.core.schema.typedefs import (
    HEADER_NAME,
    HTTP_PROTOCOLS,
    PATH,
    REDIS,
    REDIS_SHORTHANDS,
    Shape,
)

PERIODS = ("second", "minute", "hour", "day", "month", "year")
# Kong: a node's counters are sent to Redis at once at -1, else every so many seconds
SYNC_AT_ONCE = -1
LOWEST_SYNC_RATE = 0.02


def limits_order_and_sync(config: Mapping[str, Any]) -> str | None:
    """Whether longer periods allow no less than shorter ones, and ``sync_rate`` fits the policy."""
    given = [period for period in PERIODS if isinstance(config.get(period), int | float)]
    for lower, upper in combinations(given, 2):
        if config[upper] < config[lower]:
            return (
                f"The limit for {upper}({config[upper]:.1f}) cannot be lower than "
                f"the limit for {lower}({config[lower]:.1f})"
            )
    if config["sync_rate"] != SYNC_AT_ONCE:
        if config["policy"] != "redis":
            return "sync_rate can only be used with the redis policy"
        if config["sync_rate"] < LOWEST_SYNC_RATE:
            return "sync_rate must be greater than 0.02, or -1 to disable"
    if config["policy"] != "local":
        # Kong: has all three. A limit that would not be kept had better not be accepted.
        return f"policy '{config['policy']}' is not supported by this version; only 'local' is"
    return None


def _needs(field: str, value: str, then_field: str) -> Shape:
    return {
        "conditional": {
            "if_field": field,
            "if_match": {"eq": value},
            "then_field": then_field,
            "then_match": {"required": True},
        }
    }


_LIMIT: Shape = {"type": "number", "gt": 0}

SCHEMA: dict[str, Any] = {
    "name": "rate-limiting",
    "priority": 910,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": {"global": True, "service": True, "route": True, "consumer": True},
    "protocols": {"allowed": HTTP_PROTOCOLS, "default": HTTP_PROTOCOLS},
    "config": {
        "type": "record",
        "required": True,
        "check": {"fn": "limits_order_and_sync"},
        "fields": {
            **dict.fromkeys(PERIODS, _LIMIT),
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
        _needs("config.policy", "redis", "config.redis.host"),
        _needs("config.policy", "redis", "config.redis.port"),
        _needs("config.policy", "redis", "config.redis.timeout"),
        _needs("config.limit_by", "header", "config.header_name"),
        _needs("config.limit_by", "path", "config.path"),
    ],
    "entities": ["ratelimiting_metrics"],
}

FUNCTIONS = {"limits_order_and_sync": limits_order_and_sync}
