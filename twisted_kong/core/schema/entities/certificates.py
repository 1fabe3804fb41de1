"""Certificates: what the gateway shows to clients, by server name, and to Services."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import (
    AUTO_TIMESTAMP,
    CERTIFICATE,
    ID,
    PRIVATE_KEY,
    TAGS,
    WILDCARD_HOST,
)

CERTIFICATES: dict[str, Any] = {
    "name": "certificates",
    "primary_key": ["id"],
    "workspaceable": True,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "cert": {**CERTIFICATE, "required": True, "referenceable": True},
        "key": {**PRIVATE_KEY, "required": True, "encrypted": True, "referenceable": True},
        "cert_alt": {**CERTIFICATE, "required": False, "referenceable": True},
        "key_alt": {**PRIVATE_KEY, "required": False, "encrypted": True, "referenceable": True},
        "tags": TAGS,
        "snis": {"type": "array", "required": False, "elements": WILDCARD_HOST, "transient": True},
    },
    "entity_checks": [
        {"mutually_required": ["cert_alt", "key_alt"]},
        {"custom_entity_check": {"fields": ["cert", "key"], "fn": "cert_matches_key"}},
        {"custom_entity_check": {"fields": ["cert_alt", "key_alt"], "fn": "alt_cert_matches_key"}},
        {"custom_entity_check": {"fields": ["cert", "cert_alt"], "fn": "alt_cert_other_key_type"}},
    ],
}
