"""What datadog is configured with."""

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
from twisted_kong.core.schema.typedefs import HOST, PORT

SCHEMA: dict[str, Any] = {
    "name": "datadog",
    "priority": 10,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "host": {**HOST, "default": "localhost", "referenceable": True},
            "port": {**PORT, "default": 8125},
            "prefix": {"type": "string", "default": "kong"},
            "service_name_tag": {"type": "string", "default": "name"},
            "status_tag": {"type": "string", "default": "status"},
            "consumer_tag": {"type": "string", "default": "consumer"},
            "retry_count": OLD_RETRY_COUNT,
            "queue_size": OLD_QUEUE_SIZE,
            "flush_timeout": OLD_FLUSH_TIMEOUT,
            "queue": QUEUE,
            "metrics": {
                "type": "array",
                "required": True,
                "default": [
                    {
                        "consumer_identifier": "custom_id",
                        "name": "request_count",
                        "sample_rate": 1,
                        "stat_type": "counter",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "latency",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "request_size",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "response_size",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "upstream_latency",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "kong_latency",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
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
                                "request_size",
                                "response_size",
                                "upstream_latency",
                            ],
                        },
                        "stat_type": {
                            "type": "string",
                            "required": True,
                            "one_of": [
                                "counter",
                                "gauge",
                                "histogram",
                                "meter",
                                "set",
                                "timer",
                                "distribution",
                            ],
                        },
                        "tags": {"type": "array", "elements": {"type": "string", "regex": "^.*[^:]$"}},
                        "sample_rate": {"type": "number", "between": [0, 1]},
                        "consumer_identifier": CONSUMER_IDENTIFIER,
                    },
                    "entity_checks": [SAMPLED],
                },
            },
        },
    },
}
