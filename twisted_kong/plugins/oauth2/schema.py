"""What oauth2 is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS, TEXTS, needs

_FLOWS = (
    "enable_authorization_code",
    "enable_implicit_grant",
    "enable_client_credentials",
    "enable_password_grant",
)


def at_least_one_flow(config: Mapping[str, Any]) -> str | None:
    """Whether there is any way to get a token."""
    if any(config.get(flow) is True for flow in _FLOWS):
        return None
    return f"at least one of these fields must be true: {', '.join(_FLOWS)}"


SCHEMA: dict[str, Any] = {
    "name": "oauth2",
    "priority": 1400,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "check": {"fn": "at_least_one_flow"},
        "fields": {
            "scopes": TEXTS,
            "mandatory_scope": {"type": "boolean", "required": True, "default": False},
            "provision_key": {
                "type": "string",
                "required": True,
                "unique": True,
                "auto": True,
                "encrypted": True,
            },
            "token_expiration": {"type": "number", "required": True, "default": 7200},
            "enable_authorization_code": {"type": "boolean", "required": True, "default": False},
            "enable_implicit_grant": {"type": "boolean", "required": True, "default": False},
            "enable_client_credentials": {"type": "boolean", "required": True, "default": False},
            "enable_password_grant": {"type": "boolean", "required": True, "default": False},
            "hide_credentials": {"type": "boolean", "required": True, "default": False},
            "accept_http_if_already_terminated": {"type": "boolean", "required": True, "default": False},
            "anonymous": {"type": "string"},
            "global_credentials": {"type": "boolean", "required": True, "default": False},
            "auth_header_name": {"type": "string", "default": "authorization"},
            "refresh_token_ttl": {
                "type": "number",
                "required": True,
                "default": 1209600,
                "between": [0, 100000000],
            },
            "reuse_refresh_token": {"type": "boolean", "required": True, "default": False},
            "pkce": {
                "type": "string",
                "required": False,
                "default": "lax",
                "one_of": ["none", "lax", "strict"],
            },
            "realm": {"type": "string", "required": False},
        },
        "entity_checks": [needs("mandatory_scope", True, "scopes")],
    },
    "entities": ["oauth2_credentials", "oauth2_authorization_codes", "oauth2_tokens"],
}

FUNCTIONS = {"at_least_one_flow": at_least_one_flow}
