"""``kong.client`` tells who is at the other end, and takes note of who that is."""

from __future__ import annotations

import pytest

from tests.kit.deferreds import failure_of, success_of
from tests.kit.pdk import WORKSPACE, MemoryCache, a_context, a_gateway, a_kong
from twisted_kong.pdk.client import is_uuid

BOB = {"id": "11111111-1111-4111-8111-111111111111", "username": "bob"}
# A Consumer may be named like an id.
ODD = {"id": "22222222-2222-4222-8222-222222222222", "username": "33333333-3333-4333-8333-333333333333"}


def test_addresses() -> None:
    """The peer's and the client's address and port."""
    client = a_kong(a_context()).client
    assert (client.get_ip(), client.get_port()) == ("127.0.0.1", 40000)
    assert (client.get_forwarded_ip(), client.get_forwarded_port()) == ("127.0.0.2", 40001)


def test_consumers_are_loaded_once() -> None:
    """A Consumer is read by id, or by name if that is allowed, and kept under Kong's cache key."""
    gateway = a_gateway(consumers=[BOB, ODD])
    client = a_kong(a_context(), gateway).client
    assert success_of(client.load_consumer(BOB["id"])) is BOB
    assert success_of(client.load_consumer("bob", True)) is BOB
    assert success_of(client.load_consumer("bob", True)) is BOB
    assert success_of(client.load_consumer(ODD["username"], True)) is ODD
    assert success_of(client.load_consumer("nobody", True)) is None
    cache = gateway.cache
    assert isinstance(cache, MemoryCache)
    assert cache.loads == [
        f"consumers:{name}:::::{WORKSPACE}" for name in (BOB["id"], "bob", ODD["username"], "nobody")
    ]


def test_a_name_is_no_id() -> None:
    """Without leave to look for names, what is no UUID is a mistake of the caller."""
    assert "uuid" in str(failure_of(a_kong(a_context()).client.load_consumer("bob"), ValueError))


def test_authenticating() -> None:
    """Consumer and credential are set together; neither is a mistake."""
    context = a_context()
    client = a_kong(context).client
    client.authenticate(BOB, {"id": "cred"})
    assert client.get_consumer() is BOB
    assert client.get_credential() == {"id": "cred"}
    client.authenticate(None, {"id": "cred"})
    assert client.get_consumer() is None
    with pytest.raises(ValueError, match="either"):
        client.authenticate(None, None)


def test_protocol() -> None:
    """A Route of one protocol answers that; else the request's own, or what a trusted peer terminated."""
    assert a_kong(a_context(route={"id": "r", "protocols": ["grpc"]})).client.get_protocol() == "grpc"
    assert a_kong(a_context()).client.get_protocol() == "http"
    headers = {"X-Forwarded-Proto": "https"}
    assert a_kong(a_context(headers=headers)).client.get_protocol(True) == "http"
    assert a_kong(a_context(headers=headers, trusted=True)).client.get_protocol(True) == "https"
    assert a_kong(a_context(headers=headers, trusted=True)).client.get_protocol() == "http"


def test_ids() -> None:
    """Only the canonical form counts as an id."""
    assert is_uuid(BOB["id"])
    assert not is_uuid(BOB["id"].replace("-", ""))
