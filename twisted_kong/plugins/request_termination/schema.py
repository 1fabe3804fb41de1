"""What request-termination is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.typedefs import HEADER_NAME, HTTP_PROTOCOLS


def termination_exclusions(config: Mapping[str, Any]) -> str | None:
    """Whether the answer is described in one way only: by a message, by a body, or as an echo."""
    content_type, body = config.get("content_type"), config.get("body")
    if config.get("message") and (content_type or body):
        return "message cannot be used with content_type or body"
    if content_type and not body:
        return "content_type requires a body"
    if config.get("echo") and (content_type or body):
        return "echo cannot be used with content_type and body"
    return None


SCHEMA: dict[str, Any] = {
    "name": "request-termination",
    "priority": 2,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": {"global": True, "service": True, "route": True, "consumer": True},
    "protocols": {"allowed": HTTP_PROTOCOLS, "default": HTTP_PROTOCOLS},
    "config": {
        "type": "record",
        "required": True,
        "check": {"fn": "termination_exclusions"},
        "fields": {
            "status_code": {"type": "integer", "required": True, "default": 503, "between": [100, 599]},
            "message": {"type": "string"},
            "content_type": {"type": "string"},
            "body": {"type": "string"},
            "echo": {"type": "boolean", "required": True, "default": False},
            "trigger": HEADER_NAME,
        },
    },
}

FUNCTIONS = {"termination_exclusions": termination_exclusions}
