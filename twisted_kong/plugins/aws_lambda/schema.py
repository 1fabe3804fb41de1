"""What aws-lambda is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY
from twisted_kong.core.schema.typedefs import HOST, PORT, URL
from twisted_kong.core.schema.violations import get_path


def proxy_url_http(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether the proxy is spoken to without TLS."""
    url = get_path(record, ("config", "proxy_url"))
    if not isinstance(url, str) or urlsplit(url).scheme == "http":
        return None
    return "proxy_url scheme must be http"


SCHEMA: dict[str, Any] = {
    "name": "aws-lambda",
    "priority": 750,
    "version": "3.9.1",
    "phases": ["access", "header_filter"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "timeout": {"type": "number", "required": True, "default": 60000},
            "keepalive": {"type": "number", "required": True, "default": 60000},
            "aws_key": {"type": "string", "encrypted": True, "referenceable": True},
            "aws_secret": {"type": "string", "encrypted": True, "referenceable": True},
            "aws_assume_role_arn": {"type": "string", "encrypted": True, "referenceable": True},
            "aws_role_session_name": {"type": "string", "default": "kong"},
            "aws_sts_endpoint_url": URL,
            "aws_region": HOST,
            "function_name": {"type": "string", "required": False},
            "qualifier": {"type": "string"},
            "invocation_type": {
                "type": "string",
                "required": True,
                "default": "RequestResponse",
                "one_of": ["RequestResponse", "Event", "DryRun"],
            },
            "log_type": {"type": "string", "required": True, "default": "Tail", "one_of": ["Tail", "None"]},
            "host": HOST,
            "port": {**PORT, "default": 443},
            "disable_https": {"type": "boolean", "default": False},
            "unhandled_status": {"type": "integer", "between": [100, 999]},
            "forward_request_method": {"type": "boolean", "default": False},
            "forward_request_uri": {"type": "boolean", "default": False},
            "forward_request_headers": {"type": "boolean", "default": False},
            "forward_request_body": {"type": "boolean", "default": False},
            "is_proxy_integration": {"type": "boolean", "default": False},
            "awsgateway_compatible": {"type": "boolean", "default": False},
            "proxy_url": URL,
            "skip_large_bodies": {"type": "boolean", "default": True},
            "base64_encode_body": {"type": "boolean", "default": True},
            "aws_imds_protocol_version": {
                "type": "string",
                "required": True,
                "default": "v1",
                "one_of": ["v1", "v2"],
            },
            "empty_arrays_mode": {
                "type": "string",
                "required": True,
                "default": "legacy",
                "one_of": ["legacy", "correct"],
            },
        },
    },
    "entity_checks": [
        {"mutually_required": ["config.aws_key", "config.aws_secret"]},
        {"custom_entity_check": {"fields": ["config.proxy_url"], "fn": "proxy_url_http"}},
    ],
}

FUNCTIONS = {"proxy_url_http": proxy_url_http}
