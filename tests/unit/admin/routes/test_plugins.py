"""Whoever writes a Plugin that does not do what it is configured to is warned."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from twisted_kong.admin.routes.plugins import WARNING, warning

ACL = {"name": "acl", "config": {"allow": ["g"]}}
ACL_WARNING = warning("acl", "is not available in this version: requests to it are answered 503")
REDIS = {"name": "rate-limiting", "config": {"minute": 5, "policy": "redis", "redis": {"host": "r.test"}}}


@pytest.fixture
def node() -> AdminNode:
    return AdminNode("acl", "key-auth", "rate-limiting")


def test_every_write_of_one_that_does_not_run_is_answered_with_a_warning(node: AdminNode) -> None:
    """It is written all the same."""
    made = node.client.post("/plugins", ACL)
    assert (made.status, made.header(WARNING)) == (201, ACL_WARNING)
    path = f"/plugins/{made.json['id']}"
    assert node.client.patch(path, {"config": {"allow": ["h"]}}).header(WARNING) == ACL_WARNING
    assert node.client.put(path, ACL).header(WARNING) == ACL_WARNING


def test_what_of_a_configuration_is_not_kept(node: AdminNode) -> None:
    """A plugin that runs may fall short of one configuration and not of another."""
    made = node.client.post("/plugins", REDIS)
    assert made.status == 201
    assert made.header(WARNING) == warning(
        "rate-limiting", "counts on this node only, policy 'redis' is not available in this version"
    )
    path = f"/plugins/{made.json['id']}"
    assert node.client.patch(path, {"config": {"policy": "local"}}).header(WARNING) is None


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
    code, agent, text = warning("x", 'is "no\\t\r\n\xe9"').split(" ", 2)
    assert (code, agent) == ("299", "-")
    assert text == '"the plugin \'x\' is \\"no\\\\t???\\""'
