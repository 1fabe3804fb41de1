"""CA Certificates: whom the gateway trusts when it verifies the certificate of another."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, CERTIFICATE, ID, TAGS

CA_CERTIFICATES: dict[str, Any] = {
    "name": "ca_certificates",
    "primary_key": ["id"],
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "cert": {**CERTIFICATE, "required": True},
        "cert_digest": {"type": "string", "unique": True},
        "tags": TAGS,
    },
    "entity_checks": [{"custom_entity_check": {"fields": ["cert"], "fn": "check_ca_cert"}}],
    "transformations": [{"input": ["cert"], "on_write": {"fn": "sha256_hex_of_cert_der"}}],
}
