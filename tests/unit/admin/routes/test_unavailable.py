"""Paths of modes in which this node does not run."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/clustering/status", 400, "Control Plane"),
        ("GET", "/clustering/data-planes", 400, "Control Plane"),
        ("GET", "/filter-chains", 400, "wasm"),
        ("PATCH", "/filter-chains/x", 400, "wasm"),
        ("GET", "/filter-chains/x/route", 400, "wasm"),
        ("POST", "/routes/x/filter-chains", 400, "wasm"),
        ("DELETE", "/services/x/filter-chains/y", 400, "wasm"),
        ("GET", "/routes/x/filters/enabled", 400, "wasm"),
        ("GET", "/status/dns", 501, "not implemented"),
    ],
)
def test_the_mode_is_named(method: str, path: str, status: int, text: str) -> None:
    """They exist, and say in which mode they would do something."""
    answer = AdminNode().client.request(method, path)
    assert answer.status == status
    assert text in answer.json["message"]
