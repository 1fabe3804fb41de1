"""``/debug/explain``: what becomes of a request."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.bodies import JSON_TYPE
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply
from twisted_kong.admin.openapi.shapes import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    TEXT,
    listed,
    maybe,
    partly,
    record,
    ref,
)

TAG = "Node"

_NAMED = {**record(id=TEXT, name=maybe(TEXT)), "type": ["object", "null"]}
_TEXTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"anyOf": [TEXT, listed(TEXT)]},
}
_END = partly({"ip": TEXT, "port": {"type": "integer", "minimum": 0, "maximum": 65535}})
_SCOPE = listed({"enum": ["global", "route", "service", "consumer"]})
_PLUGIN = {"id": TEXT, "name": TEXT, "instance_name": maybe(TEXT), "scope": _SCOPE}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "type": ["object", "null"]}


SCHEMAS: dict[str, dict[str, Any]] = {
    "RequestToExplain": {
        "type": "object",
        "properties": {
            "method": {"type": "string", "default": "GET"},
            "scheme": {"enum": ["http", "https"], "default": "http"},
            "host": {"type": "string", "description": "As in the header `Host`, with a port or without."},
            "path": {"type": "string", "default": "/"},
            "query": {"anyOf": [TEXT, _TEXTS]},
            "headers": _TEXTS,
            "sni": {"type": "string", "description": "The server name of the TLS handshake."},
            "source": _END,
            "destination": {**_END, "description": "Where the client is connected to; port 80 or 443."},
            "consumer": {
                "description": "Who asks: an id or a username, perhaps with the plugin that tells so.",
                "anyOf": [TEXT, partly({"id": TEXT, "username": TEXT, "plugin": TEXT})],
            },
        },
        "examples": [{"method": "GET", "host": "shop.example.com", "path": "/orders/1"}],
    },
    "Explanation": record(
        request=record(method=TEXT, scheme=TEXT, host=TEXT, port=INTEGER, path=TEXT, sni=maybe(TEXT)),
        route=_NAMED,
        matched=_or_null(record(prefix=maybe(TEXT))),
        service=_NAMED,
        consumer=_or_null(record(id=TEXT, username=maybe(TEXT))),
        answer={
            **_or_null(record(status=INTEGER, message=TEXT)),
            "description": "What the node answers by itself; null if the request goes on to the Service.",
        },
        upstream=_or_null(
            record(
                method=TEXT,
                uri=TEXT,
                upstream=_NAMED,
                algorithm=maybe(TEXT),
                addresses=listed(
                    record(
                        ip=TEXT,
                        port=INTEGER,
                        target=TEXT,
                        weight=maybe(INTEGER),
                        host_header=TEXT,
                        available=BOOLEAN,
                    )
                ),
            )
        ),
        plugins=listed(record(**_PLUGIN, priority=INTEGER, phases=listed(TEXT))),
        authenticated_by=maybe(TEXT),
        other_plugins=listed(
            record(
                **_PLUGIN,
                reason={"enum": ["overridden", "too_early", "disabled", "protocol", "not_loaded"]},
                by=maybe(TEXT),
            )
        ),
        other_routes=listed(
            partly(
                {
                    "id": TEXT,
                    "name": maybe(TEXT),
                    "reason": {"enum": ["condition", "lower_priority", "service_disabled", "cannot_match"]},
                    "condition": TEXT,
                    "wanted": ANYTHING,
                    "got": ANYTHING,
                    "detail": TEXT,
                },
                "id",
                "name",
                "reason",
            )
        ),
    ),
}

DESCRIPTIONS: Descriptions = {
    "/debug/explain": {
        "POST": Operation(
            "Tell what the proxy would do with a request",
            TAG,
            "explainRequest",
            about="Which Route takes it, where it goes, which plugins run in which order, and why the others"
            " do not. Told by what this node holds; nothing is sent, looked up or written.",
            body=ref("RequestToExplain"),
            media=(JSON_TYPE,),
            replies={200: Reply("The explanation.", ref("Explanation"))},
        )
    }
}
