"""Paths that exist in Kong for modes in which this node does not run, and say so."""

from __future__ import annotations

from twisted_kong.admin.answers import Answer, message
from twisted_kong.admin.calls import Call, Handler, Table

CONTROL_PLANE = (
    "this endpoint is only available when Kong is configured to run as Control Plane for the cluster"
)
WASM = "this endpoint is only available when wasm is enabled"


def unavailable() -> Table:
    """``/clustering/*``, ``/status/dns`` and the filter chains of proxy-wasm."""
    table: Table = {
        "/clustering/data-planes": {"GET": _saying(400, CONTROL_PLANE)},
        "/clustering/status": {"GET": _saying(400, CONTROL_PLANE)},
        "/status/dns": {"GET": _saying(501, "not implemented with the legacy DNS client")},
    }
    wasm = _saying(400, WASM)
    for owner in ("", "/routes/{routes}", "/services/{services}"):
        table[f"{owner}/filter-chains"] = {"GET": wasm, "POST": wasm}
        single = f"{owner}/filter-chains/{{filter_chains}}"
        table[single] = dict.fromkeys(("GET", "PUT", "PATCH", "DELETE"), wasm)
    for parent in ("route", "service"):
        table[f"/filter-chains/{{filter_chains}}/{parent}"] = dict.fromkeys(
            ("GET", "PUT", "PATCH", "DELETE"), wasm
        )
    for which in ("all", "enabled", "disabled"):
        table[f"/routes/{{routes}}/filters/{which}"] = {"GET": wasm}
    return table


def _saying(status: int, text: str) -> Handler:
    answer = message(status, text)

    async def handler(call: Call) -> Answer:
        return answer

    return handler
