"""Services: the applications that Routes lead to."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import (
    AUTO_TIMESTAMP,
    HOST,
    ID,
    NAME,
    PATH,
    PORT,
    PROTOCOL,
    TAGS,
    TIMEOUT,
    UUID,
    Shape,
    foreign,
)


def _null_when(protocols: Shape, field: str) -> Shape:
    return {
        "conditional": {
            "if_field": "protocol",
            "if_match": protocols,
            "then_field": field,
            "then_match": {"eq": None},
        }
    }


_WITHOUT_TLS: Shape = {"not_one_of": ["https", "tls"]}

SERVICES: dict[str, Any] = {
    "name": "services",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "workspaceable": True,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "name": NAME,
        "retries": {"type": "integer", "default": 5, "between": [0, 32767]},
        "protocol": {**PROTOCOL, "required": True, "default": "http"},
        "host": {**HOST, "required": True},
        "port": {**PORT, "required": True, "default": 80},
        "path": PATH,
        "connect_timeout": {**TIMEOUT, "default": 60000},
        "write_timeout": {**TIMEOUT, "default": 60000},
        "read_timeout": {**TIMEOUT, "default": 60000},
        "tags": TAGS,
        "client_certificate": foreign("certificates"),
        "tls_verify": {"type": "boolean"},
        "tls_verify_depth": {"type": "integer", "default": None, "between": [0, 64]},
        "ca_certificates": {"type": "array", "elements": {**UUID, "required": True}},
        "enabled": {"type": "boolean", "required": True, "default": True},
    },
    "entity_checks": [
        _null_when({"one_of": ["tcp", "tls", "udp", "grpc", "grpcs"]}, "path"),
        _null_when(_WITHOUT_TLS, "client_certificate"),
        _null_when(_WITHOUT_TLS, "tls_verify"),
        _null_when(_WITHOUT_TLS, "tls_verify_depth"),
        _null_when(_WITHOUT_TLS, "ca_certificates"),
    ],
    "shorthand_fields": {"url": {"type": "string", "writes": {"fn": "split_url"}}},
}
