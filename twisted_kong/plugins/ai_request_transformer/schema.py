"""What ai-request-transformer is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.llm_typedefs import LLM
from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS
from twisted_kong.core.schema.typedefs import HOST, PORT

SCHEMA: dict[str, Any] = {
    "name": "ai-request-transformer",
    "priority": 777,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "prompt": {"type": "string", "required": True},
            "transformation_extract_pattern": {"type": "string", "required": False},
            "http_timeout": {"type": "integer", "required": True, "default": 60000},
            "https_verify": {"type": "boolean", "required": True, "default": True},
            "max_request_body_size": {"type": "integer", "default": 8192, "gt": 0},
            "http_proxy_host": HOST,
            "http_proxy_port": PORT,
            "https_proxy_host": HOST,
            "https_proxy_port": PORT,
            "llm": LLM,
        },
    },
    "entity_checks": [
        {
            "conditional": {
                "if_field": "config.llm.route_type",
                "if_match": {"not_one_of": ["llm/v1/chat"]},
                "then_err": "'config.llm.route_type' must be 'llm/v1/chat' for AI transformer plugins",
                "then_field": "config.llm.route_type",
                "then_match": {"eq": "llm/v1/chat"},
            }
        },
        {"mutually_required": ["config.http_proxy_host", "config.http_proxy_port"]},
        {"mutually_required": ["config.https_proxy_host", "config.https_proxy_port"]},
    ],
}
