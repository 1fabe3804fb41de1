"""Whoever writes a Plugin that does not run is warned."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from twisted_kong.admin.routes.plugins import WARNING, warning

ACL = {"name": "acl", "config": {"allow": ["g"]}}


@pytest.fixture
def node() -> AdminNode:
    return AdminNode("acl", "key-auth")


def test_every_write_of_one_that_does_not_run_is_answered_with_a_warning(node: AdminNode) -> None:
    """It is written all the same."""
    made = node.client.post("/plugins", ACL)
    assert (made.status, made.header(WARNING)) == (201, warning("acl"))
    path = f"/plugins/{made.json['id']}"
    assert node.client.patch(path, {"config": {"allow": ["h"]}}).header(WARNING) == warning("acl")
    assert node.client.put(path, ACL).header(WARNING) == warning("acl")


def test_nobody_is_warned_of_what_does_no_harm(node: AdminNode) -> None:
    """One that runs, one that is switched off, one that is read or removed."""
    assert node.client.post("/plugins", {"name": "key-auth"}).header(WARNING) is None
    made = node.client.post("/plugins", {**ACL, "enabled": False})
    assert made.header(WARNING) is None
    path = f"/plugins/{made.json['id']}"
    assert node.client.get(path).header(WARNING) is None
    assert node.client.delete(path).header(WARNING) is None


def test_the_warning_is_one_of_the_protocol() -> None:
    """Code, agent and quoted text, as RFC 7234 section 5.5 has it."""
    code, agent, text = warning("x").split(" ", 2)
    assert (code, agent, text[0], text[-1]) == ("299", "-", '"', '"')
    assert "the plugin 'x' is not available" in text
