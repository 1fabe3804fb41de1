"""Pieces that the definitions of several plugins share: what they apply to, how their entries wait."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.checks.limits import PERIODS
from twisted_kong.core.schema.typedefs import HEADER_NAME, HTTP_PROTOCOLS, PROTOCOLS, Shape

# What an instance may be bound to.
ANYWHERE: dict[str, bool] = {"global": True, "service": True, "route": True, "consumer": True}
NOT_FOR_CONSUMERS: dict[str, bool] = {**ANYWHERE, "consumer": False}
ONLY_GLOBAL: dict[str, bool] = {"global": True, "service": False, "route": False, "consumer": False}

# What an instance may serve, and serves unless told.
HTTP_ONLY: dict[str, list[str]] = {"allowed": HTTP_PROTOCOLS, "default": HTTP_PROTOCOLS}
ANY_PROTOCOL: dict[str, list[str]] = {"allowed": PROTOCOLS, "default": HTTP_PROTOCOLS}

TEXTS: Shape = {"type": "array", "elements": {"type": "string"}}

# how entries wait to be sent; delays and times in seconds, max_bytes in bytes
QUEUE: Shape = {
    "type": "record",
    "required": True,
    "fields": {
        "max_batch_size": {"type": "integer", "default": 1, "between": [1, 1000000]},
        "max_coalescing_delay": {"type": "number", "default": 1, "between": [0, 3600]},
        "max_entries": {"type": "integer", "default": 10000, "between": [1, 1000000]},
        "max_bytes": {"type": "integer"},
        "max_retry_time": {"type": "number", "default": 60},
        "initial_retry_delay": {"type": "number", "default": 0.01, "between": [0.001, 1000000]},
        "max_retry_delay": {"type": "number", "default": 60, "between": [0.001, 1000000]},
        "concurrency_limit": {"type": "integer", "default": 1, "one_of": [-1, 1]},
    },
}

# what stood in the place of QUEUE before there was one
OLD_RETRY_COUNT: Shape = {"type": "integer", "deprecated": {"removal": "4.0", "old_default": 10}}
OLD_QUEUE_SIZE: Shape = {"type": "integer", "deprecated": {"removal": "4.0", "old_default": 1}}
OLD_FLUSH_TIMEOUT: Shape = {"type": "number", "deprecated": {"removal": "4.0", "old_default": 2}}

# fields that a log entry gets or loses, by expressions in Lua
CUSTOM_FIELDS_BY_LUA: Shape = {
    "type": "map",
    "keys": {"type": "string", "len_min": 1},
    "values": {"type": "string", "check": {"fn": "safe_lua_expression"}, "len_min": 1},
}
# what runs in one phase
LUA_CHUNKS: Shape = {
    "type": "array",
    "required": True,
    "default": {},
    "elements": {"type": "string", "required": False, "check": {"fn": "lua_chunk_parses"}},
}
# that of each phase which has any; some phase must
LUA_PHASES: list[str] = ["certificate", "rewrite", "access", "header_filter", "body_filter", "log"]
LUA_BY_PHASE: Shape = {"type": "record", "required": True, "fields": dict.fromkeys(LUA_PHASES, LUA_CHUNKS)}
SOME_LUA: Shape = {"at_least_one_of": [f"config.{phase}" for phase in LUA_PHASES]}

SYSLOG_LEVELS: list[str] = ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"]
LOG_LEVEL: Shape = {"type": "string", "default": "info", "one_of": SYSLOG_LEVELS}
SEVERITY: Shape = {**LOG_LEVEL, "required": True}

CONSUMER_IDENTIFIER: Shape = {"type": "string", "one_of": ["consumer_id", "custom_id", "username"]}

# of a metric for StatsD
SAMPLED: Shape = {
    "conditional": {
        "if_field": "stat_type",
        "if_match": {"one_of": ["counter", "gauge"]},
        "then_field": "sample_rate",
        "then_match": {"required": True},
    }
}

# headers of traces: which are read, removed and sent on
PROPAGATION_FIELDS: dict[str, Shape] = {
    "extract": {
        "type": "array",
        "elements": {"type": "string", "one_of": ["gcp", "ot", "w3c", "datadog", "b3", "aws", "jaeger"]},
    },
    "clear": {"type": "array", "elements": HEADER_NAME},
    "inject": {
        "type": "array",
        "elements": {
            "type": "string",
            "one_of": ["preserve", "gcp", "ot", "w3c", "datadog", "b3", "aws", "b3-single", "jaeger"],
        },
    },
    "default_format": {
        "type": "string",
        "required": True,
        "one_of": ["gcp", "ot", "w3c", "datadog", "b3", "aws", "b3-single", "jaeger"],
    },
}

# requests in each of the periods
_LIMIT: Shape = {"type": "number", "gt": 0}
LIMITS: dict[str, Shape] = dict.fromkeys(PERIODS, _LIMIT)


def needs(field: str, value: Any, then_field: str) -> Shape:
    """The entity check by which one value of a field makes another field required."""
    return {
        "conditional": {
            "if_field": field,
            "if_match": {"eq": value},
            "then_field": then_field,
            "then_match": {"required": True},
        }
    }
