"""Field shapes shared by several entities and plugins."""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

ID: Shape = {"type": "string", "auto": True, "uuid": True}
UUID: Shape = {"type": "string", "uuid": True}
# epoch seconds; created_at is made on insert, updated_at on every write
AUTO_TIMESTAMP: Shape = {"type": "integer", "auto": True, "timestamp": True}
# epoch seconds with milliseconds
AUTO_TIMESTAMP_MS: Shape = {"type": "number", "auto": True, "timestamp": True}

TAG: Shape = {"type": "string", "required": True, "check": {"fn": "tag"}}
TAGS: Shape = {"type": "set", "elements": TAG}
NAME: Shape = {"type": "string", "unique": True, "check": {"fn": "utf8_name"}}

HOST: Shape = {"type": "string", "check": {"fn": "host"}}
WILDCARD_HOST: Shape = {"type": "string", "check": {"fn": "wildcard_host"}}
SNI: Shape = {"type": "string", "check": {"fn": "sni"}}
IP: Shape = {"type": "string", "check": {"fn": "ip"}}
IP_OR_CIDR: Shape = {"type": "string", "check": {"fn": "ip_or_cidr"}}
PORT: Shape = {"type": "integer", "between": [0, 65535]}

NO_EMPTY_SEGMENTS: list[Shape] = [{"regex": "//", "err": "must not have empty segments"}]
PATH: Shape = {
    "type": "string",
    "check": {"fn": "path"},
    "match_none": NO_EMPTY_SEGMENTS,
    "starts_with": "/",
}
URL: Shape = {"type": "string", "check": {"fn": "url"}}

HEADER_NAME: Shape = {"type": "string", "check": {"fn": "header_name"}}
HEADER_VALUES: Shape = {"type": "array", "elements": {"type": "string"}}
HTTP_METHOD: Shape = {"type": "string", "regex": "^[A-Z]+$"}
METHODS: Shape = {"type": "set", "elements": HTTP_METHOD}

# milliseconds
TIMEOUT: Shape = {"type": "integer", "between": [1, 2147483646]}

PROTOCOLS: list[str] = ["grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp"]
HTTP_PROTOCOLS: list[str] = ["grpc", "grpcs", "http", "https"]
PROTOCOL: Shape = {"type": "string", "one_of": PROTOCOLS}

CERTIFICATE: Shape = {"type": "string", "check": {"fn": "certificate"}}
PRIVATE_KEY: Shape = {"type": "string", "check": {"fn": "private_key"}}


def foreign(reference: str, **more: Any) -> Shape:
    """A reference to another kind of entity."""
    return {"type": "foreign", "reference": reference, **more}


def protocols_of(allowed: list[str], default: list[str] | None = None) -> Shape:
    """The ``protocols`` of a plugin's instances: a subset of those it can serve."""
    return {
        "type": "set",
        "required": True,
        "default": allowed if default is None else default,
        "elements": {"type": "string", "one_of": allowed},
    }


# where a plugin keeps what its nodes share; timeout in milliseconds
REDIS: Shape = {
    "type": "record",
    "required": True,
    "fields": {
        "host": HOST,
        "port": {**PORT, "default": 6379},
        "timeout": {"type": "integer", "default": 2000, "between": [0, 2147483646]},
        "username": {"type": "string", "referenceable": True},
        "password": {"type": "string", "encrypted": True, "len_min": 0, "referenceable": True},
        "database": {"type": "integer", "default": 0},
        "ssl": {"type": "boolean", "required": False, "default": False},
        "ssl_verify": {"type": "boolean", "required": False, "default": False},
        "server_name": {**SNI, "required": False},
    },
}


def deprecated(kind: str, new_name: str, **more: Any) -> Shape:
    """A shorthand that is an old name of a field."""
    return {
        "type": kind,
        "deprecated": {"removal": "4.0", "replaced_with": [new_name]},
        "writes": {"fn": f"-> {new_name}"},
        **more,
    }


# the names that the members of REDIS had before they were one record
REDIS_SHORTHANDS: dict[str, Shape] = {
    "redis_host": deprecated("string", "redis.host"),
    "redis_port": deprecated("integer", "redis.port"),
    "redis_password": deprecated("string", "redis.password", len_min=0),
    "redis_username": deprecated("string", "redis.username"),
    "redis_ssl": deprecated("boolean", "redis.ssl"),
    "redis_ssl_verify": deprecated("boolean", "redis.ssl_verify"),
    "redis_server_name": deprecated("string", "redis.server_name"),
    "redis_timeout": deprecated("integer", "redis.timeout"),
    "redis_database": deprecated("integer", "redis.database"),
}
