"""request-termination answers as Kong 3.9.1 was seen to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.pdk import a_context, a_service
from tests.kit.plugins import PluginStage, headers_of

WS = {"ws_id": "ws"}
JSON = "application/json; charset=utf-8"


def stage(**config: Any) -> PluginStage:
    return PluginStage({"request-termination": config})


@pytest.mark.parametrize(
    ("config", "status", "kind", "body"),
    [
        ({}, 503, JSON, '{"message":"Service unavailable"}'),
        ({"status_code": 418, "message": "tea"}, 418, JSON, '{"message":"tea"}'),
        (
            {"status_code": 200, "content_type": "text/plain", "body": "hi"},
            200,
            "text/plain; charset=UTF-8",
            "hi",
        ),
        ({"status_code": 200, "body": "{}"}, 200, JSON, "{}"),
        ({"status_code": 200, "content_type": "x/y", "body": "b"}, 200, "x/y", "b"),
        ({"status_code": 204}, 204, None, ""),
        ({"status_code": 200}, 200, None, ""),
        ({"status_code": 401}, 401, JSON, '{"message":"Unauthorized"}'),
        ({"status_code": 418}, 418, None, ""),
    ],
)
def test_answers(config: dict[str, Any], status: int, kind: str | None, body: str) -> None:
    """Status, type and body follow the configuration, whatever the client accepts."""
    answer = stage(**config).access(a_context(headers={"Accept": "text/html"}))
    assert answer is not None
    assert (answer.status, headers_of(answer).get("content-type"), answer.body.decode()) == (
        status,
        kind,
        body,
    )


def test_other_errors_are_a_page() -> None:
    """Where neither Kong nor the configuration has words, nginx's page is shown."""
    answer = stage(status_code=403).access(a_context())
    assert answer is not None
    assert b"<h1>403 Forbidden</h1>" in answer.body
    assert headers_of(answer)["content-type"] == "text/html; charset=UTF-8"


def test_trigger() -> None:
    """Only requests with the header or the argument are ended."""
    triggered = stage(trigger="stop")
    assert triggered.access(a_context()) is None
    assert triggered.access(a_context(headers={"Stop": "1"})) is not None
    assert triggered.access(a_context("/a?stop")) is not None


def test_echo() -> None:
    """The request is shown with what it matched and the node."""
    context = a_context(
        "/a?stop=2", method="POST", headers={"Content-Type": "application/json"}, body=b'{"a": 1}'
    )
    answer = stage(trigger="stop", echo=True).access(context)
    assert answer is not None
    assert answer.status == 503
    assert json.loads(answer.body) == {
        "message": "Service unavailable",
        "kong": {"node_id": "node-1", "worker_pid": 4711, "hostname": "host-1"},
        "request": {
            "scheme": "http",
            "host": "client.test",
            "port": 19000,
            "headers": {"host": "client.test:8080", "content-type": "application/json"},
            "query": {"stop": "2"},
            "body": {"a": 1},
            "raw_body": '{"a": 1}',
            "method": "POST",
            "path": "/a",
            "uri_captures": {"named": {}, "unnamed": []},
        },
        "matched_route": {"id": "route", "name": "r", "strip_path": True, "protocols": ["http", "https"]}
        | WS,
        "matched_service": {name: value for name, value in a_service().items() if value is not None} | WS,
    }


def test_echo_of_a_body_that_is_no_table() -> None:
    """It is shown raw only."""
    answer = stage(echo=True).access(a_context(body=b"zz"))
    assert answer is not None
    shown = json.loads(answer.body)["request"]
    assert shown["raw_body"] == "zz"
    assert "body" not in shown
