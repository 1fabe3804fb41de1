"""Errors that the gateway answers by itself, as operators of Kong rely on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kit.http_client import Answer
from tests.kit.ports import free_port
from tests.kit.served import served

pytestmark = pytest.mark.integration

UNAVAILABLE = "An invalid response was received from the upstream server"


def told(answer: Answer) -> tuple[int, str, str | None]:
    """Status, reason and type of an answer."""
    return answer.status, answer.reason, answer.header("Content-Type")


async def test_bodies_that_are_too_large(tmp_path: Path) -> None:
    """413 for an announced body at once, for a chunked one when it gets too long."""
    async with served(tmp_path, nginx_http_client_max_body_size="1k") as world:
        await world.route("r", paths=["/x"])
        announced = await world.node.proxy.exchange(
            b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1025\r\n\r\n"
        )
        assert told(announced) == (413, "Request Entity Too Large", "text/plain; charset=utf-8")
        assert announced.text.startswith("Payload too large\n")
        chunked = [("Transfer-Encoding", "chunked")]
        sent = b"401\r\n" + b"a" * 1025 + b"\r\n0\r\n\r\n"
        assert (await world.get("/x", method="POST", headers=chunked, body=sent)).status == 413
        assert (await world.get("/x", method="POST", body=b"a" * 1024)).status == 200


async def test_a_body_that_does_not_come(tmp_path: Path) -> None:
    """408 when the client falls silent in the middle of a body."""
    async with served(tmp_path, nginx_http_client_body_timeout="200ms") as world:
        await world.route("r", paths=["/x"])
        answer = await world.node.proxy.exchange(
            b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"
        )
        assert told(answer) == (408, "Request Time-out", "text/plain; charset=utf-8")
        assert answer.text.startswith("Request timeout\n")
        assert answer.header("Connection") == "close"


@pytest.mark.parametrize(
    ("line", "fields", "expected"),
    [
        (8000, [7000, 7000], 200),
        (8200, [], 414),
        (100, [8200], 400),
        (100, [8000] * 9, 400),
    ],
)
async def test_heads_that_are_too_large(
    tmp_path: Path, line: int, fields: Sequence[int], expected: int
) -> None:
    """414 for the request line, 400 for a header: no line beyond 8k, no head beyond 64k."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        headers = [("X-Big", "a" * size) for size in fields]
        answer = await world.get("/x?" + "a" * line, headers=headers)
        assert answer.status == expected
        if expected == 400:
            assert answer.text.startswith("Request header or cookie too large\n")


@pytest.mark.parametrize(
    ("headers", "media"),
    [
        ([], "text/plain"),
        ([("Accept", "text/html,application/json;q=0.9")], "text/html"),
        ([("Accept", "application/json;q=0.1,application/xml;q=0.2")], "application/xml"),
        ([("Content-Type", "application/json")], "application/json"),
        ([("Accept", "*/*"), ("Content-Type", "text/html")], "application/json"),
    ],
)
async def test_types_of_errors_of_the_http_layer(
    tmp_path: Path, headers: list[tuple[str, str]], media: str
) -> None:
    """Accept decides, else the request's Content-Type, else plain text."""
    async with served(tmp_path, service={"port": free_port(), "host": "127.0.0.1", "retries": 0}) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x", headers=headers)
        assert told(answer) == (502, "Bad Gateway", f"{media}; charset=utf-8")
        assert UNAVAILABLE in answer.text


async def test_error_default_type(tmp_path: Path) -> None:
    """``error_default_type`` is for errors of the HTTP layer to requests that ask for no type."""
    settings = {"error_default_type": "application/json"}
    service = {"port": free_port(), "host": "127.0.0.1", "retries": 0}
    async with served(tmp_path, service=service, **settings) as world:
        await world.route("r", paths=["/x"])
        assert (await world.get("/x")).json["message"] == UNAVAILABLE


async def test_templates_of_errors(tmp_path: Path) -> None:
    """``error_template_*``: one's own layouts, given message and request id."""
    settings = {}
    for kind in ("html", "json", "xml", "plain"):
        (tmp_path / kind).write_text(f"<{kind}>%s|%s")
        settings[f"error_template_{kind}"] = tmp_path / kind
    async with served(tmp_path, **settings) as world:
        for kind, media in (
            ("html", "text/html"),
            ("json", "application/json"),
            ("xml", "application/xml"),
            ("plain", "text/plain"),
        ):
            answer = await world.get("/none", headers=[("Accept", media)])
            request_id = answer.header("X-Kong-Request-Id")
            assert answer.text == f"<{kind}>no Route matched with those values|{request_id}"
            assert answer.header("Content-Type") == f"{media}; charset=utf-8"


async def test_types_of_errors_of_what_is_no_request(tmp_path: Path) -> None:
    """Its Accept counts too, where it can be read."""
    async with served(tmp_path) as world:
        answer = await world.node.proxy.exchange(b"TRACE /x HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n")
        assert told(answer) == (405, "Not Allowed", "text/html; charset=utf-8")
        assert "<p>Method not allowed.</p>" in answer.text
