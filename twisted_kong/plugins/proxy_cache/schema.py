"""What proxy-cache is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, TEXTS

SCHEMA: dict[str, Any] = {
    "name": "proxy-cache",
    "priority": 100,
    "version": "3.9.1",
    "phases": ["init_worker", "access", "header_filter", "body_filter"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "response_code": {
                "type": "array",
                "required": True,
                "default": [200, 301, 404],
                "elements": {"type": "integer", "between": [100, 900]},
                "len_min": 1,
            },
            "request_method": {
                "type": "array",
                "required": True,
                "default": ["GET", "HEAD"],
                "elements": {"type": "string", "one_of": ["HEAD", "GET", "POST", "PATCH", "PUT"]},
            },
            "content_type": {**TEXTS, "required": True, "default": ["text/plain", "application/json"]},
            "cache_ttl": {"type": "integer", "default": 300, "gt": 0},
            "strategy": {"type": "string", "required": True, "one_of": ["memory"]},
            "cache_control": {"type": "boolean", "required": True, "default": False},
            "ignore_uri_case": {"type": "boolean", "required": False, "default": False},
            "storage_ttl": {"type": "integer"},
            "memory": {
                "type": "record",
                "required": True,
                "fields": {
                    "dictionary_name": {"type": "string", "required": True, "default": "kong_db_cache"}
                },
            },
            "vary_query_params": TEXTS,
            "vary_headers": TEXTS,
            "response_headers": {
                "type": "record",
                "required": True,
                "fields": {
                    "age": {"type": "boolean", "default": True},
                    "X-Cache-Status": {"type": "boolean", "default": True},
                    "X-Cache-Key": {"type": "boolean", "default": True},
                },
            },
        },
    },
    "entity_checks": [{"custom_entity_check": {"fields": ["config"], "fn": "shm_memory_dictionary"}}],
}
