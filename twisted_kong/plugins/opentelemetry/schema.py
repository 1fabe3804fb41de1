"""What opentelemetry is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY, PROPAGATION_FIELDS, QUEUE
from twisted_kong.core.schema.typedefs import HEADER_NAME, URL


def resource_attribute_values(attributes: Mapping[str, Any]) -> str | None:
    """Values that OTLP knows, and no empty texts."""
    for value in attributes.values():
        if not isinstance(value, str | int | float):
            return f"invalid type of value: {type(value).__name__}"
        if value == "":
            return "required field missing"
    return None


SCHEMA: dict[str, Any] = {
    "name": "opentelemetry",
    "priority": 14,
    "version": "3.9.1",
    "phases": ["configure", "access", "header_filter", "log"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "traces_endpoint": {**URL, "referenceable": True},
            "logs_endpoint": {**URL, "referenceable": True},
            "headers": {
                "type": "map",
                "keys": HEADER_NAME,
                "values": {"type": "string", "referenceable": True},
            },
            "resource_attributes": {
                "type": "map",
                "check": {"fn": "resource_attribute_values"},
                "keys": {"type": "string", "required": True},
                "values": {"type": "string", "required": True},
            },
            "queue": {**QUEUE, "default": {"max_batch_size": 200}},
            "batch_span_count": {"type": "integer", "deprecated": {"removal": "4.0", "old_default": 200}},
            "batch_flush_delay": {"type": "integer", "deprecated": {"removal": "4.0", "old_default": 3}},
            "connect_timeout": {"type": "integer", "default": 1000, "between": [0, 2147483646]},
            "send_timeout": {"type": "integer", "default": 5000, "between": [0, 2147483646]},
            "read_timeout": {"type": "integer", "default": 5000, "between": [0, 2147483646]},
            "http_response_header_for_traceid": {"type": "string"},
            "header_type": {
                "type": "string",
                "required": False,
                "default": "preserve",
                "one_of": [
                    "preserve",
                    "ignore",
                    "b3",
                    "b3-single",
                    "w3c",
                    "jaeger",
                    "ot",
                    "aws",
                    "gcp",
                    "datadog",
                ],
                "deprecated": {"removal": "4.0", "old_default": "preserve"},
            },
            "sampling_rate": {"type": "number", "required": False, "between": [0, 1]},
            "propagation": {
                "type": "record",
                "default": {"default_format": "w3c"},
                "required": True,
                "fields": PROPAGATION_FIELDS,
            },
        },
        "entity_checks": [{"at_least_one_of": ["traces_endpoint", "logs_endpoint"]}],
        "shorthand_fields": {
            "endpoint": {
                **URL,
                "referenceable": True,
                "deprecated": {"removal": "4.0"},
                "writes": {"fn": "-> traces_endpoint"},
            }
        },
    },
}

FUNCTIONS = {"resource_attribute_values": resource_attribute_values}
