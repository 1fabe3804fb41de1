"""A node shows plugins what they may know of it."""

from __future__ import annotations

from tests.kit.pdk import WORKSPACE, a_gateway


def test_workspace() -> None:
    """The workspace in cache keys is the database's, also if it is known only later."""
    gateway = a_gateway()
    assert gateway.workspace() == WORKSPACE


def test_addresses_are_not_trusted_unless_told() -> None:
    """Trust is asked of the node's own rule."""
    assert a_gateway().is_trusted("10.0.0.1")
    assert not a_gateway().is_trusted("10.0.0.2")
