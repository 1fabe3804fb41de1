"""What zipkin is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, PROPAGATION_FIELDS, QUEUE
from twisted_kong.core.schema.typedefs import URL


def unique_tag_names(tags: list[Any]) -> str | None:
    """Tags that are all named differently."""
    seen: set[str] = set()
    for tag in tags:
        name = tag["name"]
        if name in seen:
            return f"repeated tags are not allowed: {name}"
        seen.add(name)
    return None


SCHEMA: dict[str, Any] = {
    "name": "zipkin",
    "priority": 100000,
    "version": "3.9.1",
    "phases": ["access", "header_filter", "body_filter", "log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "local_service_name": {"type": "string", "required": True, "default": "kong"},
            "http_endpoint": URL,
            "sample_ratio": {"type": "number", "default": 0.001, "between": [0, 1]},
            "default_service_name": {"type": "string"},
            "include_credential": {"type": "boolean", "required": True, "default": True},
            "traceid_byte_count": {"type": "integer", "required": True, "default": 16, "one_of": [8, 16]},
            "header_type": {
                "type": "string",
                "required": True,
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
                    "datadog",
                    "gcp",
                ],
                "deprecated": {"removal": "4.0", "old_default": "preserve"},
            },
            "default_header_type": {
                "type": "string",
                "required": True,
                "default": "b3",
                "one_of": ["b3", "b3-single", "w3c", "jaeger", "ot", "aws", "datadog", "gcp"],
                "deprecated": {"removal": "4.0", "old_default": "b3"},
            },
            "tags_header": {"type": "string", "required": True, "default": "Zipkin-Tags"},
            "static_tags": {
                "type": "array",
                "check": {"fn": "unique_tag_names"},
                "elements": {
                    "type": "record",
                    "fields": {
                        "name": {
                            "type": "string",
                            "required": True,
                            "not_one_of": [
                                "error",
                                "http.method",
                                "http.path",
                                "http.status_code",
                                "kong.balancer.state",
                                "kong.balancer.try",
                                "kong.consumer",
                                "kong.credential",
                                "kong.node.id",
                                "kong.route",
                                "kong.service",
                                "lc",
                                "peer.hostname",
                            ],
                        },
                        "value": {"type": "string", "required": True},
                    },
                },
            },
            "http_span_name": {
                "type": "string",
                "required": True,
                "default": "method",
                "one_of": ["method", "method_path"],
            },
            "connect_timeout": {"type": "integer", "default": 2000, "between": [0, 2147483646]},
            "send_timeout": {"type": "integer", "default": 5000, "between": [0, 2147483646]},
            "read_timeout": {"type": "integer", "default": 5000, "between": [0, 2147483646]},
            "http_response_header_for_traceid": {"type": "string"},
            "phase_duration_flavor": {
                "type": "string",
                "required": True,
                "default": "annotations",
                "one_of": ["annotations", "tags"],
            },
            "queue": QUEUE,
            "propagation": {
                "type": "record",
                "default": {"default_format": "b3"},
                "required": True,
                "fields": PROPAGATION_FIELDS,
            },
        },
    },
}

FUNCTIONS = {"unique_tag_names": unique_tag_names}
