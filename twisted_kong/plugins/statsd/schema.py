"""What statsd is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import (
    ANY_PROTOCOL,
    ANYWHERE,
    CONSUMER_IDENTIFIER,
    OLD_FLUSH_TIMEOUT,
    OLD_QUEUE_SIZE,
    OLD_RETRY_COUNT,
    QUEUE,
    SAMPLED,
)
from twisted_kong.core.schema.typedefs import HOST, PORT, Shape

_SERVICE_IDENTIFIER: Shape = {
    "type": "string",
    "one_of": ["service_id", "service_name", "service_host", "service_name_or_host"],
}
_WORKSPACE_IDENTIFIER: Shape = {"type": "string", "one_of": ["workspace_id", "workspace_name"]}

SCHEMA: dict[str, Any] = {
    "name": "statsd",
    "priority": 11,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "host": {**HOST, "default": "localhost"},
            "port": {**PORT, "default": 8125},
            "prefix": {"type": "string", "default": "kong"},
            "metrics": {
                "type": "array",
                "default": [
                    {"name": "request_count", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "latency", "stat_type": "timer"},
                    {"name": "request_size", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "status_count", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "response_size", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "unique_users", "stat_type": "set"},
                    {"name": "request_per_user", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "upstream_latency", "stat_type": "timer"},
                    {"name": "kong_latency", "stat_type": "timer"},
                    {"name": "status_count_per_user", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "status_count_per_workspace", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "status_count_per_user_per_route", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "shdict_usage", "sample_rate": 1, "stat_type": "gauge"},
                ],
                "elements": {
                    "type": "record",
                    "fields": {
                        "name": {
                            "type": "string",
                            "required": True,
                            "one_of": [
                                "kong_latency",
                                "latency",
                                "request_count",
                                "request_per_user",
                                "request_size",
                                "response_size",
                                "status_count",
                                "status_count_per_user",
                                "unique_users",
                                "upstream_latency",
                                "status_count_per_workspace",
                                "status_count_per_user_per_route",
                                "shdict_usage",
                            ],
                        },
                        "stat_type": {
                            "type": "string",
                            "required": True,
                            "one_of": ["counter", "gauge", "histogram", "meter", "set", "timer"],
                        },
                        "sample_rate": {"type": "number", "gt": 0},
                        "consumer_identifier": CONSUMER_IDENTIFIER,
                        "service_identifier": _SERVICE_IDENTIFIER,
                        "workspace_identifier": _WORKSPACE_IDENTIFIER,
                    },
                    "entity_checks": [SAMPLED],
                },
            },
            "allow_status_codes": {
                "type": "array",
                "elements": {"type": "string", "regex": "^[0-9]+-[0-9]+$"},
            },
            "udp_packet_size": {"type": "number", "default": 0, "between": [0, 65507]},
            "use_tcp": {"type": "boolean", "default": False},
            "hostname_in_prefix": {"type": "boolean", "default": False},
            "consumer_identifier_default": {**CONSUMER_IDENTIFIER, "required": True, "default": "custom_id"},
            "service_identifier_default": {
                **_SERVICE_IDENTIFIER,
                "required": True,
                "default": "service_name_or_host",
            },
            "workspace_identifier_default": {
                **_WORKSPACE_IDENTIFIER,
                "required": True,
                "default": "workspace_id",
            },
            "retry_count": OLD_RETRY_COUNT,
            "queue_size": OLD_QUEUE_SIZE,
            "flush_timeout": OLD_FLUSH_TIMEOUT,
            "tag_style": {
                "type": "string",
                "required": False,
                "one_of": ["dogstatsd", "influxdb", "librato", "signalfx"],
            },
            "queue": QUEUE,
        },
    },
}
