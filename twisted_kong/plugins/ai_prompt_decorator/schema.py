"""What ai-prompt-decorator is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.llm_typedefs import LLM_FORMAT
from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY
from twisted_kong.core.schema.typedefs import Shape

# messages that are put around the client's
_MESSAGES: Shape = {
    "type": "array",
    "required": False,
    "elements": {
        "type": "record",
        "required": False,
        "fields": {
            "role": {
                "type": "string",
                "required": True,
                "default": "system",
                "one_of": ["system", "assistant", "user"],
            },
            "content": {"type": "string", "required": True, "len_max": 500, "len_min": 1},
        },
    },
    "len_max": 15,
}

SCHEMA: dict[str, Any] = {
    "name": "ai-prompt-decorator",
    "priority": 772,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "prompts": {
                "type": "record",
                "required": False,
                "fields": {
                    "prepend": _MESSAGES,
                    "append": _MESSAGES,
                },
            },
            "max_request_body_size": {"type": "integer", "default": 8192, "gt": 0},
            "llm_format": LLM_FORMAT,
        },
    },
    "entity_checks": [{"at_least_one_of": ["config.prompts.prepend", "config.prompts.append"]}],
}
