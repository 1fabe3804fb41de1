"""Certificates by id and by SNI."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.recordings import recorded

UNKNOWN = "11111111-1111-4111-8111-000000000999"


@cache
def pair() -> dict[str, str]:
    """A certificate with its key, from the recordings."""
    body = recorded("certificates")[1].request["body"]
    return {"cert": body["cert"], "key": body["key"]}


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode()
    node.create("/certificates", {**pair(), "snis": ["one.test"]})
    return node


def test_a_certificate_is_reached_by_sni(node: AdminNode) -> None:
    """Read, changed and removed by the name of an SNI."""
    made = node.client.get("/certificates/one.test").json
    assert made == node.client.get(f"/certificates/{made['id']}").json
    assert node.client.patch("/certificates/one.test", {"tags": ["t"]}).json["tags"] == ["t"]
    assert node.client.put("/certificates/one.test", pair()).json["id"] == made["id"]
    node.client.put(f"/certificates/{made['id']}", {**pair(), "snis": ["one.test"]})
    assert node.client.delete("/certificates/one.test").status == 204
    assert node.client.get("/snis").json["data"] == []


def test_an_unknown_sni_is_named(node: AdminNode) -> None:
    """What is neither id nor SNI is 404 with a message of its own."""
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        answer = node.client.request(method, "/certificates/nope.test", json=body)
        assert (answer.status, answer.json) == (404, {"message": "SNI not found"})


def test_a_missing_id_is_an_error_object(node: AdminNode) -> None:
    """Kong answers a missing Certificate with the data layer's error."""
    assert node.client.get(f"/certificates/{UNKNOWN}").json["code"] == 6


def test_put_by_a_new_name_makes_the_sni_too(node: AdminNode) -> None:
    """A Certificate put under a name that no SNI has is made together with that SNI."""
    made: Any = node.client.put("/certificates/new.test", {**pair(), "snis": ["b.test"]}).json
    assert made["snis"] == ["b.test", "new.test"]
    assert node.client.get("/certificates/new.test").json["id"] == made["id"]
    assert json.dumps(made)
