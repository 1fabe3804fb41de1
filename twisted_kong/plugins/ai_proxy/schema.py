"""What ai-proxy is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.llm_typedefs import LLM_CHECKS, LLM_FIELDS, LLM_FORMAT
from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY

SCHEMA: dict[str, Any] = {
    "name": "ai-proxy",
    "priority": 770,
    "version": "3.9.1",
    "phases": ["access", "header_filter", "body_filter"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            **LLM_FIELDS,
            "response_streaming": {
                "type": "string",
                "required": False,
                "default": "allow",
                "one_of": ["allow", "deny", "always"],
            },
            "max_request_body_size": {"type": "integer", "default": 8192, "gt": 0},
            "model_name_header": {"type": "boolean", "default": True},
            "llm_format": LLM_FORMAT,
        },
        "entity_checks": LLM_CHECKS,
    },
    "entity_checks": [
        {
            "conditional": {
                "if_field": "config.llm_format",
                "if_match": {"one_of": ["bedrock", "gemini"]},
                "then_err": (
                    "native provider options in llm_format can only be used with the 'llm/v1/chat' route_type"
                ),
                "then_field": "config.route_type",
                "then_match": {"eq": "llm/v1/chat"},
            }
        },
        {
            "conditional": {
                "if_field": "config.llm_format",
                "if_match": {"eq": "bedrock"},
                "then_err": "native llm_format 'bedrock' can only be used with the 'bedrock' model.provider",
                "then_field": "config.model.provider",
                "then_match": {"eq": "bedrock"},
            }
        },
        {
            "conditional": {
                "if_field": "config.llm_format",
                "if_match": {"eq": "gemini"},
                "then_err": "native llm_format 'gemini' can only be used with the 'gemini' model.provider",
                "then_field": "config.model.provider",
                "then_match": {"eq": "gemini"},
            }
        },
    ],
}
