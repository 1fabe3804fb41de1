"""The Status API."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from twisted_kong.admin.database_health import DatabaseHealth

DATABASE = {"reachable": True, "stale_seconds": 1.25, "position": "7-00c0ffee"}


def test_ready_or_why_not() -> None:
    """Readiness is 200, or 503 with the reason, asked anew each time; and tells how the database is."""
    node = AdminNode()
    client = node.status_client()
    answer = client.get("/status/ready")
    assert (answer.status, answer.json) == (200, {"message": "ready", "database": DATABASE})
    node.unready = "router builds not yet complete"
    answer = client.get("/status/ready")
    assert (answer.status, answer.json["message"]) == (503, "router builds not yet complete")


@pytest.mark.parametrize("needs_database", [False, True])
def test_ready_without_the_database(needs_database: bool) -> None:
    """A node serves on without its database, so it stays ready unless the operator wants Kong's way."""
    node = AdminNode()
    node.health = DatabaseHealth(reachable=False, stale_seconds=61.0, position=None)
    node.needs_database = needs_database
    answer = node.status_client().get("/status/ready")
    status, text = (503, "failed to connect to database") if needs_database else (200, "ready")
    database = {"reachable": False, "stale_seconds": 61, "position": None}
    assert (answer.status, answer.json) == (status, {"message": text, "database": database})


@pytest.mark.parametrize("more", [{"form": [("status", "draining")]}, {"json": {"status": "draining"}}])
def test_draining_makes_it_unready(more: dict[str, object]) -> None:
    """Once told to drain the node is not ready any more, whatever else."""
    client = AdminNode().status_client()
    assert client.request("POST", "/status/ready", **more).status == 204  # type: ignore[arg-type]
    answer = client.get("/status/ready")
    assert (answer.status, answer.json) == (503, {"message": "draining", "database": DATABASE})


def test_other_states_are_refused() -> None:
    """Only draining can be set; anything else is 400 with nginx's page."""
    client = AdminNode().status_client()
    for body in ({"status": "ready"}, {}):
        answer = client.request("POST", "/status/ready", json=body)
        assert (answer.status, answer.header("Content-Type")) == (400, "text/html; charset=UTF-8")
    assert client.get("/status/ready").status == 200


def test_it_is_reached_by_any_name_but_not_drained_by_a_page() -> None:
    """Monitoring may use whatever name it knows; a browser's page, rebound or not, cannot drain the node."""
    client = AdminNode().status_client()
    client.host = "kong.monitoring:8100"
    assert client.get("/status/ready").status == 200
    origin = {"Origin": "http://kong.monitoring:8100"}
    form = [("status", "draining")]
    assert client.request("POST", "/status/ready", form=form, headers=origin).status == 403
    assert client.request("POST", "/status/ready", form=form).status == 204


def test_status_is_the_same_as_on_the_admin_api() -> None:
    """``/status`` and ``/robots.txt`` are on both."""
    node = AdminNode()
    client = node.status_client()
    assert client.get("/status").json == node.client.get("/status").json
    assert client.get("/robots.txt").body == node.client.get("/robots.txt").body
    assert client.get("/").status == 404
