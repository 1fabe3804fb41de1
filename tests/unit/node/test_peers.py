"""Addresses to connect to."""

from __future__ import annotations

from twisted_kong.node.peers import Peer


def test_a_peer_is_itself() -> None:
    """Two objects for one address are two peers, with one key for their connections."""
    one, other = Peer("10.0.0.1", 80, "a.test"), Peer("10.0.0.1", 80, "b.test", "h", "u", 5)
    assert one != other
    assert one.key == other.key
    assert (one.upstream_id, other.upstream_id, other.weight, other.host_header) == (None, "u", 5, "h")
    assert repr(one) == "Peer('10.0.0.1', 80, 'a.test')"
