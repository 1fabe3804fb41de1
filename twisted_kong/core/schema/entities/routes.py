"""Routes: which requests go to which Service; their protocols decide what they may match by."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import (
    AUTO_TIMESTAMP,
    HEADER_NAME,
    HEADER_VALUES,
    ID,
    IP_OR_CIDR,
    METHODS,
    NAME,
    NO_EMPTY_SEGMENTS,
    PORT,
    PROTOCOL,
    SNI,
    TAGS,
    WILDCARD_HOST,
    Shape,
    foreign,
)

_ENDS: Shape = {
    "type": "set",
    "elements": {
        "type": "record",
        "fields": {"ip": IP_OR_CIDR, "port": PORT},
        "entity_checks": [{"at_least_one_of": ["ip", "port"]}],
    },
}
_HOSTS: Shape = {
    "type": "array",
    "elements": {
        "type": "string",
        "check": {"fn": "host_pattern"},
        "match_all": [
            {"regex": r"^[^*]*\*?[^*]*$", "err": "invalid wildcard: must have at most one wildcard"}
        ],
        "match_any": {
            "regexes": [r"^\*\.", r"\.\*$", r"^[^*]*$"],
            "err": "invalid wildcard: must be placed at leftmost or rightmost label",
        },
    },
}
_PATHS: Shape = {
    "type": "array",
    "elements": {
        "type": "string",
        "check": {"fn": "router_path"},
        "match_any": {
            "regexes": ["^/", "^~/"],
            "err": "should start with: / (fixed path) or ~/ (regex path)",
        },
        "match_none": NO_EMPTY_SEGMENTS,
    },
}
_NO_HOST_HEADER: Shape = {
    "regex": "(?i)^host$",
    "err": "cannot contain 'host' header, which must be specified in the 'hosts' attribute",
}


def _banned(field: str, shape: Shape, protocols: str) -> dict[str, Shape]:
    """A field that a Route of these protocols cannot have."""
    return {
        field: {**shape, "eq": None, "err": f"cannot set '{field}' when 'protocols' is {protocols}"},
    }


def _one_of(plain: str, secure: str, names: list[str]) -> Shape:
    """A Route must match by something; by server name only where there is TLS."""
    return {
        "conditional_at_least_one_of": {
            "if_field": "protocols",
            "if_match": {"contains": secure},
            "then_at_least_one_of": [*names, "snis"],
            "then_err": f"must set one of %s when 'protocols' is '{secure}'",
            "else_match": {"contains": plain},
            "else_then_at_least_one_of": names,
            "else_then_err": f"must set one of %s when 'protocols' is '{plain}'",
        }
    }


def _stream_one_of(protocols: list[str], names: list[str], err: str) -> Shape:
    return {
        "conditional_at_least_one_of": {
            "if_field": "protocols",
            "if_match": {"elements": {"type": "string", "one_of": protocols}},
            "then_at_least_one_of": names,
            "then_err": err,
        }
    }


_HTTP_PROTOCOLS = "'http' or 'https'"
_STREAM_PROTOCOLS = "'tcp', 'tls', 'tls_passthrough' or 'udp'"
_GRPC_PROTOCOLS = "'grpc' or 'grpcs'"

_HTTP: Shape = {
    "fields": {
        **_banned("sources", _ENDS, _HTTP_PROTOCOLS),
        **_banned("destinations", _ENDS, _HTTP_PROTOCOLS),
    },
    "entity_checks": [_one_of("http", "https", ["methods", "hosts", "headers", "paths"])],
}
_STREAM: Shape = {
    "fields": {
        **_banned("methods", METHODS, _STREAM_PROTOCOLS),
        **_banned("hosts", _HOSTS, _STREAM_PROTOCOLS),
        **_banned("paths", _PATHS, _STREAM_PROTOCOLS),
        **_banned(
            "headers", {"type": "map", "keys": HEADER_NAME, "values": HEADER_VALUES}, _STREAM_PROTOCOLS
        ),
    },
    "entity_checks": [
        _stream_one_of(
            ["tcp", "tls", "udp"],
            ["sources", "destinations", "snis"],
            "must set one of %s when 'protocols' is 'tcp', 'tls' or 'udp'",
        ),
        _stream_one_of(["tls_passthrough"], ["snis"], "must set snis when 'protocols' is 'tls_passthrough'"),
    ],
}
_GRPC: Shape = {
    "fields": {
        "strip_path": {
            "type": "boolean",
            "required": True,
            "default": False,
            "ne": True,
            "err": f"cannot set 'strip_path' when 'protocols' is {_GRPC_PROTOCOLS}",
        },
        **_banned("methods", METHODS, _GRPC_PROTOCOLS),
        **_banned("sources", _ENDS, _GRPC_PROTOCOLS),
        **_banned("destinations", _ENDS, _GRPC_PROTOCOLS),
    },
    "entity_checks": [_one_of("grpc", "grpcs", ["hosts", "headers", "paths"])],
}

ROUTES: dict[str, Any] = {
    "name": "routes",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "workspaceable": True,
    "subschema_key": "protocols",
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "name": NAME,
        "protocols": {
            "type": "set",
            "required": True,
            "default": ["http", "https"],
            "elements": PROTOCOL,
            "len_min": 1,
            "mutually_exclusive_subsets": [
                ["http", "https"],
                ["tcp", "tls", "udp"],
                ["tls_passthrough"],
                ["grpc", "grpcs"],
            ],
        },
        "https_redirect_status_code": {
            "type": "integer",
            "required": True,
            "default": 426,
            "one_of": [426, 301, 302, 307, 308],
        },
        "strip_path": {"type": "boolean", "required": True, "default": True},
        "preserve_host": {"type": "boolean", "required": True, "default": False},
        "request_buffering": {"type": "boolean", "required": True, "default": True},
        "response_buffering": {"type": "boolean", "required": True, "default": True},
        "tags": TAGS,
        "service": foreign("services"),
        "snis": {"type": "set", "elements": WILDCARD_HOST},
        "sources": _ENDS,
        "destinations": _ENDS,
        "methods": METHODS,
        "hosts": _HOSTS,
        "paths": _PATHS,
        "headers": {
            "type": "map",
            "keys": {**HEADER_NAME, "match_none": [_NO_HOST_HEADER]},
            "values": HEADER_VALUES,
        },
        "regex_priority": {"type": "integer", "default": 0},
        "path_handling": {"type": "string", "default": "v0", "one_of": ["v0", "v1"]},
    },
    "entity_checks": [
        {
            "conditional": {
                "if_field": "protocols",
                "if_match": {
                    "elements": {"type": "string", "not_one_of": ["grpcs", "https", "tls", "tls_passthrough"]}
                },
                "then_field": "snis",
                "then_match": {"len_eq": 0},
                "then_err": (
                    "'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'"
                ),
            }
        },
        {"custom_entity_check": {"fields": ["path_handling"], "fn": "warn_path_handling_v1"}},
        {
            "custom_entity_check": {
                "fields": [
                    "id",
                    "protocols",
                    "snis",
                    "sources",
                    "destinations",
                    "methods",
                    "hosts",
                    "paths",
                    "headers",
                    "expression",
                    "regex_priority",
                    "priority",
                ],
                "fn": "validate_route_expression",
                "run_with_missing_fields": True,
            }
        },
    ],
    "subschemas": {
        "http": _HTTP,
        "https": _HTTP,
        "tcp": _STREAM,
        "tls": _STREAM,
        "udp": _STREAM,
        "tls_passthrough": _STREAM,
        "grpc": _GRPC,
        "grpcs": _GRPC,
    },
}


# What Routes have with ``router_flavor = expressions`` only.
_EXPRESSION: dict[str, Shape] = {
    "expression": {"type": "string"},
    "priority": {"type": "integer", "required": True, "default": 0, "between": [0, 2**46 - 1]},
}
_ENDS_FIELDS = frozenset({"sources", "destinations"})


def routes_of_flavor(flavor: str) -> dict[str, Any]:
    """Routes as the router of a ``router_flavor`` takes them.

    The oldest knows no wildcards in SNIs, the newest may be told an expression.
    """
    if flavor == "expressions":
        return _with_expressions()
    if flavor != "traditional":
        return ROUTES
    plain = {"type": "set", "elements": SNI}
    regexes = {"custom_entity_check": {"fields": ["headers"], "fn": "validate_header_regexes"}}
    checks = [*ROUTES["entity_checks"][:-1], regexes]
    return {**ROUTES, "fields": {**ROUTES["fields"], "snis": plain}, "entity_checks": checks}


def _with_expressions() -> dict[str, Any]:
    *others, check = ROUTES["entity_checks"]
    runs = {**check["custom_entity_check"], "fn": "validate_route_or_expression"}
    subschemas: dict[str, Shape] = ROUTES["subschemas"]
    return {
        **ROUTES,
        "fields": {**ROUTES["fields"], **_EXPRESSION},
        "entity_checks": [*others, {"custom_entity_check": runs}],
        "subschemas": {protocol: _asking_expressions(shape) for protocol, shape in subschemas.items()},
    }


def _asking_expressions(subschema: Shape) -> Shape:
    """An expression is enough to match by, and HTTP may ask for sources and destinations."""
    fields: dict[str, Shape] = subschema["fields"]
    return {
        "fields": {name: shape for name, shape in fields.items() if name not in _ENDS_FIELDS},
        "entity_checks": [_or_expression(check) for check in subschema["entity_checks"]],
    }


def _or_expression(check: Shape) -> Shape:
    asked: Shape = check["conditional_at_least_one_of"]
    lists = {
        name: [*names, "expression"] for name, names in asked.items() if name.endswith("then_at_least_one_of")
    }
    return {"conditional_at_least_one_of": {**asked, **lists}}
