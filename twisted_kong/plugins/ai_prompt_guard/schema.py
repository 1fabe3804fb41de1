"""What ai-prompt-guard is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.llm_typedefs import LLM_FORMAT
from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY

SCHEMA: dict[str, Any] = {
    "name": "ai-prompt-guard",
    "priority": 771,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "allow_patterns": {
                "type": "array",
                "required": False,
                "elements": {"type": "string", "len_max": 500, "len_min": 1},
                "len_max": 10,
            },
            "deny_patterns": {
                "type": "array",
                "required": False,
                "elements": {"type": "string", "len_max": 500, "len_min": 1},
                "len_max": 10,
            },
            "allow_all_conversation_history": {"type": "boolean", "required": True, "default": False},
            "max_request_body_size": {"type": "integer", "default": 8192, "gt": 0},
            "match_all_roles": {"type": "boolean", "required": True, "default": False},
            "llm_format": LLM_FORMAT,
        },
    },
    "entity_checks": [
        {"at_least_one_of": ["config.allow_patterns", "config.deny_patterns"]},
        {
            "conditional": {
                "if_field": "config.match_all_roles",
                "if_match": {"eq": True},
                "then_field": "config.allow_all_conversation_history",
                "then_match": {"eq": False},
            }
        },
    ],
}
