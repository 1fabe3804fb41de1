"""Bodies, or none, and the connection after them, as operators of Kong rely on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.scripted_upstream import response
from tests.kit.served import served

pytestmark = pytest.mark.integration


async def test_answers_to_head(tmp_path: Path) -> None:
    """The length of the body that GET would have, and no body; the connection stays usable."""
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    async with served(tmp_path, script=lambda _: sent) as world:
        await world.route("r", paths=["/x"])
        connection = await world.node.proxy.connect()
        for path, length in (("/x", "5"), ("/none", "103")):
            connection.send(world.node.proxy.encode("HEAD", path))
            assert (await connection.answer("HEAD")).header("Content-Length") == length
        await connection.close()


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_a_body(tmp_path: Path, status: int) -> None:
    """No length, no body, and the connection stays usable."""
    sent = f'HTTP/1.1 {status} Fine\r\nETag: "a"\r\n\r\n'.encode()
    async with served(tmp_path, script=lambda _: sent) as world:
        await world.route("r", paths=["/x"])
        connection = await world.node.proxy.connect()
        for _ in range(2):
            connection.send(world.node.proxy.encode("GET", "/x"))
            answer = await connection.answer()
            assert (answer.status, answer.body, answer.header("ETag")) == (status, b"", '"a"')
            assert answer.header("Content-Length") is None
            assert answer.header("Transfer-Encoding") is None
        await connection.close()


async def test_an_old_client_gets_the_end_of_a_chunked_answer(tmp_path: Path) -> None:
    """HTTP/1.0 knows no chunks: the body goes on to the end of the connection."""
    sent = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    async with served(tmp_path, script=lambda _: sent) as world:
        await world.route("r", paths=["/x"])
        answer = await world.node.proxy.exchange(b"GET /x HTTP/1.0\r\n\r\n")
        assert (answer.body, answer.header("Transfer-Encoding")) == (b"ab", None)
        assert answer.header("Connection") == "close"


async def test_a_request_that_is_refused_leaves_the_connection_usable(tmp_path: Path) -> None:
    """The body of a request without a Route is read over; the next request is served."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        connection = await world.node.proxy.connect()
        encode = world.node.proxy.encode
        connection.send(encode("POST", "/none", body=b"GET /y HTTP/1.1\r\n") + encode("GET", "/x"))
        assert [(await connection.answer()).status for _ in range(2)] == [404, 200]
        await connection.close()


async def test_interim_answers_of_a_service_are_kept_back(tmp_path: Path) -> None:
    """100 and 103 of a Service are not the client's answer."""
    sent = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + response(
        200, b"x"
    )
    async with served(tmp_path, script=lambda _: sent) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x")
        assert (answer.status, answer.interim, answer.body) == (200, (), b"x")


async def test_continue_is_answered_here(tmp_path: Path) -> None:
    """``Expect: 100-continue`` is answered by the gateway when the body is wanted, and not passed on."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        connection = await world.node.proxy.connect()
        connection.send(b"POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        await world.node.after(0.05)
        connection.send(b"ab")
        answer = await connection.answer()
        await connection.close()
        assert (answer.status, answer.interim) == (200, (100,))
        assert (world.upstream.requests[0].body, world.upstream.requests[0].header("Expect")) == (b"ab", None)
