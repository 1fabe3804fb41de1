"""Paths of modes in which this node does not run: they say so."""

from __future__ import annotations

from twisted_kong.admin.openapi.names import pascal
from twisted_kong.admin.openapi.operations import Descriptions, Operation

TAG = "Other modes"
_ABOUT = "Only there in a mode in which this node does not run: always 400 with a message that says so."
_SINGLE = ("GET", "PUT", "PATCH", "DELETE")


def _never(method: str, path: str) -> Operation:
    writing = method != "GET"
    return Operation(
        "Never available on this node",
        TAG,
        method.lower() + pascal(path),
        about=_ABOUT,
        arguments=("Wait", "WaitTimeout") if writing else (),
    )


def _paths() -> dict[str, tuple[str, ...]]:
    paths: dict[str, tuple[str, ...]] = {"/clustering/data-planes": ("GET",), "/clustering/status": ("GET",)}
    for owner in ("", "/routes/{routes}", "/services/{services}"):
        paths[f"{owner}/filter-chains"] = ("GET", "POST")
        paths[f"{owner}/filter-chains/{{filter_chains}}"] = _SINGLE
    for parent in ("route", "service"):
        paths[f"/filter-chains/{{filter_chains}}/{parent}"] = _SINGLE
    for which in ("all", "enabled", "disabled"):
        paths[f"/routes/{{routes}}/filters/{which}"] = ("GET",)
    return paths


DESCRIPTIONS: Descriptions = {
    path: {method: _never(method, path) for method in methods} for path, methods in _paths().items()
}
