"""What the node tells about itself, and how much it logs."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.log_level import DEFAULT_TIMEOUT, LEVELS
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Parameter, Reply
from twisted_kong.admin.openapi.shapes import (
    BOOLEAN,
    INTEGER,
    OBJECT,
    TEXT,
    listed,
    mapped,
    partly,
    record,
    ref,
)
from twisted_kong.admin.openapi.shared import WRITTEN

TAG = "Node"

_SIZE: dict[str, Any] = {"type": ["string", "integer"]}

SCHEMAS: dict[str, dict[str, Any]] = {
    "NodeInformation": record(
        tagline=TEXT,
        version={"type": "string", "description": "Kong's, so that Kong's clients work."},
        edition=TEXT,
        implementation=record(name=TEXT, version=TEXT),
        hostname=TEXT,
        node_id={"type": "string", "format": "uuid"},
        lua_version=TEXT,
        timers=record(running=INTEGER, pending=INTEGER),
        plugins=record(
            available_on_server=mapped(record(version=TEXT, priority=INTEGER)),
            enabled_in_cluster=listed(TEXT),
        ),
        configuration=OBJECT,
        pids=record(master=INTEGER, workers=listed(INTEGER)),
    ),
    "NodeStatus": record(
        memory=record(
            workers_lua_vms=listed(record(pid=INTEGER, http_allocated_gc=_SIZE)),
            lua_shared_dicts=mapped(record(capacity=_SIZE, allocated_slabs=_SIZE)),
        ),
        server=record(
            connections_active=INTEGER,
            connections_reading=INTEGER,
            connections_writing=INTEGER,
            connections_waiting=INTEGER,
            connections_accepted=INTEGER,
            connections_handled=INTEGER,
            total_requests=INTEGER,
        ),
        database=record(reachable=BOOLEAN),
    ),
}

_LEVEL_BODY = partly(
    {
        "timeout": {
            "type": "number",
            "minimum": 0,
            "default": DEFAULT_TIMEOUT,
            "description": "Seconds after which the configured level returns; 0 for never.",
        }
    }
)

DESCRIPTIONS: Descriptions = {
    "/": {
        "GET": Operation(
            "Tell what this node is",
            TAG,
            "getNode",
            replies={
                200: Reply("Version, plugins and configuration, secrets masked.", ref("NodeInformation"))
            },
        )
    },
    "/status": {
        "GET": Operation(
            "Tell how this node is",
            TAG,
            "getStatus",
            arguments=(
                Parameter(
                    "unit", "Of sizes.", {"enum": ["b", "B", "k", "K", "m", "M", "g", "G"], "default": "m"}
                ),
                Parameter(
                    "scale", "Digits behind the point.", {"type": "integer", "minimum": 0, "default": 2}
                ),
            ),
            replies={
                200: Reply("Memory, connections, and whether the database is there.", ref("NodeStatus"))
            },
        )
    },
    "/status/dns": {
        "GET": Operation(
            "Statistics of DNS",
            TAG,
            "getDnsStatus",
            about="Never there, as in Kong with its older DNS client.",
            replies={501: Reply("Not implemented.", ref("Message"))},
        )
    },
    "/endpoints": {
        "GET": Operation(
            "List every path",
            TAG,
            "listEndpoints",
            replies={200: Reply("The paths, sorted.", record(data=listed(TEXT)))},
        )
    },
    "/timers": {
        "GET": Operation(
            "Count the delayed calls of the reactor",
            TAG,
            "getTimers",
            replies={200: Reply("In Kong's form.", record(worker=OBJECT, stats=OBJECT))},
        )
    },
    "/robots.txt": {
        "GET": Operation(
            "Ask crawlers to stay away",
            TAG,
            "getRobots",
            replies={200: Reply("Nothing is for them.", TEXT, "text/plain")},
        )
    },
    "/debug/node/log-level": {
        "GET": Operation(
            "Tell how much this node logs",
            TAG,
            "getLogLevel",
            replies={200: Reply("The level in force.", ref("Message"))},
        )
    },
    "/debug/node/log-level/{log_level}": {
        "PUT": Operation(
            "Change how much this node logs, for a while",
            TAG,
            "setLogLevel",
            about=f"The levels are {', '.join(LEVELS)}.",
            arguments=("Wait", "WaitTimeout"),
            body=_LEVEL_BODY,
            replies={200: Reply("It is in force.", ref("Message"))},
        )
    },
    "/debug/cluster/log-level/{log_level}": {
        "PUT": Operation(
            "Change how much every node logs, for a while",
            TAG,
            "setLogLevelOfAll",
            about=f"The levels are {', '.join(LEVELS)}. With `wait=cluster` it is answered when all have it.",
            arguments=("Wait", "WaitTimeout"),
            body=_LEVEL_BODY,
            replies={
                200: Reply("It is in force on this node.", ref("Message"), headers=WRITTEN),
                504: "NotEverywhere",
            },
        )
    },
    "/openapi.json": {
        "GET": Operation(
            "Read this document",
            TAG,
            "getOpenApi",
            replies={200: Reply("The document.", OBJECT, headers=("ETag",))},
            tagged=True,
        )
    },
    "/openapi": {
        "GET": Operation(
            "Browse this document",
            TAG,
            "getOpenApiPage",
            replies={200: Reply("A page for people.", TEXT, "text/html", headers=("ETag",))},
            tagged=True,
        )
    },
}
