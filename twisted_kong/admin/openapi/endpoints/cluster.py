"""``/cluster``: nodes, changes, convergence."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.openapi.operations import Descriptions, Operation, Parameter, Reply
from twisted_kong.admin.openapi.shapes import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    listed,
    maybe,
    record,
    ref,
)
from twisted_kong.admin.openapi.shared import SECONDS

TAG = "Cluster"

SCHEMAS: dict[str, dict[str, Any]] = {
    "Node": record(
        id=TEXT,
        instance=TEXT,
        hostname=TEXT,
        version=TEXT,
        started=INTEGER,
        last_seen=INTEGER,
        age=NUMBER,
        position=maybe(TEXT),
        lag=maybe(INTEGER),
        live=BOOLEAN,
        this_node=BOOLEAN,
    ),
    "NodeAtPosition": record(id=TEXT, instance=TEXT, hostname=TEXT, position=maybe(TEXT)),
    "Change": record(
        position=TEXT,
        entity=TEXT,
        operation={"enum": ["create", "update", "delete"]},
        id=TEXT,
        at=NUMBER,
        author=maybe(TEXT),
        origin=TEXT,
        node_id=maybe(TEXT),
        hostname=maybe(TEXT),
    ),
}

DESCRIPTIONS: Descriptions = {
    "/cluster": {
        "GET": Operation(
            "List the nodes of the cluster",
            TAG,
            "listNodes",
            about="Every node that has reported within the hour, dead or alive, and where the log ends.",
            replies={
                200: Reply(
                    "The nodes.", record(data=listed(ref("Node")), next={"type": "null"}, position=TEXT)
                )
            },
        )
    },
    "/cluster/changes": {
        "GET": Operation(
            "Read who changed what and when",
            TAG,
            "listChanges",
            about="From the oldest change that is kept, or after a position.",
            arguments=(
                "Size",
                Parameter("after", "The position after which to begin.", TEXT),
            ),
            replies={
                200: Reply(
                    "Changes in the order of their commits.",
                    record(data=listed(ref("Change")), next=maybe(TEXT), position=TEXT),
                ),
                400: "BadPage",
                410: Reply("The changes after this position are no longer kept.", ref("Message")),
            },
        )
    },
    "/cluster/convergence": {
        "GET": Operation(
            "Wait until every living node has applied a position",
            TAG,
            "awaitConvergence",
            about="Without a position: all that has been written so far.",
            arguments=(
                Parameter("position", "As `X-Kong-Position` told it.", TEXT),
                Parameter("timeout", "For how many seconds to wait at most.", SECONDS),
            ),
            replies={
                200: Reply(
                    "All have applied it.", record(position=TEXT, nodes=listed(ref("NodeAtPosition")))
                ),
                504: "NotEverywhere",
            },
        )
    },
}
