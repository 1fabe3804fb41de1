"""The log entry has the shape of Kong's."""

from __future__ import annotations

from tests.kit.pdk import RECORDED, a_context, answered
from twisted_kong.core.context import Try
from twisted_kong.pdk.serializer import serialize


def test_a_proxied_request() -> None:
    """Request, answer, entities, tries and latencies; credentials are not told."""
    context = answered(
        a_context("/a?x=1", headers={"Authorization": "secret", "X-A": "1"}), 200, [(b"X-B", b"2")]
    )
    context.consumer = {"id": "c", "username": "bob", "custom_id": None}
    context.credential = {"id": "cred", "consumer": {"id": "c"}}
    context.balanced_at, context.answered_at = RECORDED + 0.01, RECORDED + 0.05
    context.request_size, context.response_size = 100, 200
    attempt = Try("10.0.0.1", 80, RECORDED + 0.01)
    attempt.ended = RECORDED + 0.02
    failed = Try("10.0.0.2", 80, RECORDED)
    failed.state, failed.code = "next", 502
    context.tries = [failed, attempt]
    entry = serialize(context, "ws", RECORDED + 0.1)
    assert entry["request"] == {
        "id": "0123456789abcdef0123456789abcdef",
        "uri": "/a?x=1",
        "url": "http://client.test:19000/a?x=1",
        "querystring": {"x": "1"},
        "method": "GET",
        "headers": {"host": "client.test:8080", "authorization": "REDACTED", "x-a": "1"},
        "size": 100,
    }
    assert entry["response"] == {"status": 200, "headers": {"x-b": "2"}, "size": 200}
    assert entry["latencies"] == {"kong": 10, "proxy": 40, "request": 100, "receive": 50} or all(
        abs(entry["latencies"][key] - value) <= 1
        for key, value in {"kong": 10, "proxy": 40, "request": 100, "receive": 50}.items()
    )
    assert [each["ip"] for each in entry["tries"]] == ["10.0.0.2", "10.0.0.1"]
    assert (entry["tries"][0]["state"], entry["tries"][0]["code"]) == ("next", 502)
    assert "state" not in entry["tries"][1]
    assert entry["authenticated_entity"] == {"id": "cred", "consumer_id": "c"}
    assert entry["consumer"] == {"id": "c", "username": "bob", "ws_id": "ws"}
    assert (entry["route"]["id"], entry["service"]["id"]) == ("route", "svc")
    assert (entry["upstream_uri"], entry["upstream_status"]) == ("/a?x=1", "200")
    assert (entry["client_ip"], entry["source"]) == ("127.0.0.2", "upstream")
    assert (entry["workspace"], entry["workspace_name"]) == ("ws", "default")
    assert entry["started_at"] == int(RECORDED * 1000)


def test_a_request_without_route() -> None:
    """What was not found is left out; the wait for a Service is -1."""
    context = a_context(routed=False, headers={"Host": "[::1]:80"})
    context.status, context.source = 404, "exit"
    entry = serialize(context, "ws", RECORDED)
    assert entry["source"] == "kong"
    assert entry["latencies"]["proxy"] == -1
    assert entry["request"]["url"] == "http://[::1]:19000/a"
    assert not {"route", "service", "consumer", "upstream_uri", "authenticated_entity"} & entry.keys()
