"""correlation-id gives requests ids as Kong 3.9.1 was seen to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.pdk import a_context, answered, sent_headers
from tests.kit.plugins import PluginStage, client_headers


def stage(**config: Any) -> PluginStage:
    return PluginStage({"correlation-id": config})


def test_counter() -> None:
    """A UUID of the process and a running number."""
    node = stage()
    seen = []
    for _ in range(2):
        context = a_context()
        assert node.access(context) is None
        seen.append(sent_headers(context)["kong-request-id"])
    assert seen == ["uuid-1#1", "uuid-1#2"]


def test_uuid() -> None:
    """A new UUID for each request."""
    node = stage(generator="uuid", header_name="X-Cid")
    context = a_context()
    node.access(context)
    assert sent_headers(context) == {"x-cid": "uuid-2"}


def test_tracker() -> None:
    """Address, port, process, numbers and time."""
    context = a_context()
    stage(generator="tracker").access(context)
    assert sent_headers(context)["kong-request-id"] == "127.0.0.1-19000-4711-1-1-1795479987.487"


@pytest.mark.parametrize(("given", "sent"), [("given", None), ("", "uuid-1#1")])
def test_the_clients_own_id_is_kept(given: str, sent: str | None) -> None:
    """Unless it is empty."""
    context = a_context(headers={"Kong-Request-ID": given})
    stage().access(context)
    assert sent_headers(context).get("kong-request-id") == sent


def test_echo() -> None:
    """The client gets the id that the Service got."""
    node = stage(echo_downstream=True, header_name="X-Cid")
    context = a_context()
    node.access(context)
    assert client_headers(context) == {}
    node.phases.header_filter(answered(context))
    assert context.response is not None
    assert context.response.headers.get(b"x-cid") == b"uuid-1#1"


def test_no_echo() -> None:
    """Unless it is not wanted."""
    node = stage()
    context = a_context()
    node.access(context)
    node.phases.header_filter(answered(context))
    assert context.response is not None
    assert context.response.headers.get(b"kong-request-id") is None


def test_echo_without_access() -> None:
    """A request without a Route gets back what it sent."""
    context = answered(a_context(routed=False, headers={"Kong-Request-ID": "mine"}))
    stage(echo_downstream=True).phases.header_filter(context)
    assert context.response is not None
    assert context.response.headers.get(b"kong-request-id") == b"mine"
