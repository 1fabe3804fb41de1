"""Which fields are added, as the two settings say."""

from __future__ import annotations

from twisted_kong.proxy.settings import Tokens, tokens


def test_defaults_are_kongs() -> None:
    """server_tokens, latency_tokens and the request id."""
    names = ["server_tokens", "latency_tokens", "X-Kong-Request-Id"]
    assert tokens(names, ["X-Kong-Request-Id"]) == Tokens()


def test_single_names_and_off() -> None:
    """Each field can be asked for by itself; off wins over all."""
    only = tokens(["Via", "X-Kong-Upstream-Status"], [])
    assert (only.via, only.server, only.upstream_status, only.request_id) == (True, False, True, False)
    assert not only.request_id_upstream
    assert tokens(["off"], ["x-kong-request-id"]) == tokens(["off", "via"], ["x-kong-request-id"])
    assert not tokens(["off"], []).server
