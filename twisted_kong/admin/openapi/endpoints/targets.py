"""The Targets of an Upstream, and their health."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.openapi.entities import entity_reference, page_reference
from twisted_kong.admin.openapi.fields import Side
from twisted_kong.admin.openapi.generated import GONE
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Parameter, Reply
from twisted_kong.admin.openapi.shapes import INTEGER, TEXT, listed, mapped, maybe, partly, record, ref
from twisted_kong.admin.openapi.shared import ENTITY_WRITTEN, PAGE, WRITTEN

TAG = "Targets"
PATH = "/upstreams/{upstreams}/targets"

_WEIGHT = record(total=INTEGER, available=INTEGER, unavailable=INTEGER)
_HEALTH = {"enum": ["HEALTHCHECKS_OFF", "HEALTHY", "UNHEALTHY", "DNS_ERROR"]}
_ADDRESS = partly({"ip": TEXT, "port": INTEGER, "weight": INTEGER, "health": _HEALTH}, "ip", "port", "weight")
_HOST = record(
    host=TEXT,
    port=INTEGER,
    dns=TEXT,
    nodeWeight=INTEGER,
    weight=_WEIGHT,
    # An empty list is an empty object, as in Kong.
    addresses={"anyOf": [listed(_ADDRESS), {"type": "object", "maxProperties": 0}]},
)
_ANSWER = entity_reference("targets", Side.ANSWER)

SCHEMAS: dict[str, dict[str, Any]] = {
    "TargetHealth": {"allOf": [_ANSWER, record(health=_HEALTH, data=_HOST)]},
    "TargetHealthPage": partly(
        {"data": listed(ref("TargetHealth")), "next": maybe(TEXT), "offset": TEXT, "node_id": TEXT},
        "data",
        "next",
        "node_id",
    ),
    "BalancerHealth": record(
        data=record(
            id=TEXT, health=_HEALTH, balancer_health={"enum": ["HEALTHY", "UNHEALTHY"]}, details=mapped({})
        ),
        next=maybe(TEXT),
        node_id=TEXT,
    ),
}

_READ = Reply("The Target.", _ANSWER, headers=("ETag",))
_WRITTEN = Reply("The Target as it is now.", _ANSWER, headers=ENTITY_WRITTEN)


def _page(summary: str, name: str, arguments: tuple[str, ...]) -> Operation:
    return Operation(
        summary,
        TAG,
        name,
        arguments=arguments,
        replies={200: Reply("A page.", page_reference("targets")), 400: "BadPage"},
    )


def _changed(summary: str, name: str) -> Operation:
    return Operation(
        summary,
        TAG,
        name,
        about="A Target that exists; by id or by `host:port`.",
        body=entity_reference("targets", Side.CHANGE),
        replies={200: _WRITTEN, 400: "BadWrite"},
        stores=True,
    )


def _judged(state: str, whose: str, name: str) -> Operation:
    return Operation(
        f"Declare {whose} {state}",
        TAG,
        name,
        about="Until its checks find something else. With `wait=cluster` it is answered when all nodes know.",
        arguments=("Wait", "WaitTimeout"),
        replies={
            204: Reply("This node goes by it.", headers=WRITTEN),
            400: Reply(
                "No health is checked of this Upstream, or what the path holds is no address.", ref("Message")
            ),
            504: "NotEverywhere",
        },
    )


def _declared() -> Descriptions:
    found: Descriptions = {}
    for state in ("healthy", "unhealthy"):
        name = f"declare{{}}{state.capitalize()}"
        single = f"{PATH}/{{targets}}"
        found[f"{single}/{state}"] = {"PUT": _judged(state, "a Target", name.format("Target"))}
        found[f"{single}/{{address}}/{state}"] = {
            "PUT": _judged(state, "an address of a Target", name.format("Address"))
        }
    return found


DESCRIPTIONS: Descriptions = {
    PATH: {
        "GET": _page(
            "List the Targets of an Upstream, newest first", "listTargets", ("Size", "Offset", "Tags")
        ),
        "POST": Operation(
            "Add a Target to an Upstream",
            TAG,
            "createTarget",
            body=entity_reference("targets", Side.DOCUMENT),
            replies={201: _WRITTEN, 400: "BadWrite"},
            stores=True,
        ),
    },
    f"{PATH}/all": {"GET": _page("List the Targets of an Upstream by id", "listAllTargets", PAGE)},
    f"{PATH}/{{targets}}": {
        "GET": Operation("Read a Target", TAG, "getTarget", replies={200: _READ, 400: "BadKey"}, tagged=True),
        "PUT": _changed("Change a Target, as PATCH does", "putTarget"),
        "PATCH": _changed("Change a Target", "patchTarget"),
        "DELETE": Operation(
            "Delete a Target",
            TAG,
            "deleteTarget",
            replies={204: GONE, 400: "BadDelete"},
            stores=True,
        ),
    },
    "/upstreams/{upstreams}/health": {
        "GET": Operation(
            "Tell the health of an Upstream's Targets",
            TAG,
            "getUpstreamHealth",
            arguments=(
                "Size",
                "Offset",
                Parameter("balancer_health", "`1`: of the Upstream as a whole.", {"enum": ["1"]}),
            ),
            replies={
                200: Reply(
                    "As this node sees it.", {"anyOf": [ref("TargetHealthPage"), ref("BalancerHealth")]}
                ),
                400: "BadPage",
            },
        )
    },
    **_declared(),
}
