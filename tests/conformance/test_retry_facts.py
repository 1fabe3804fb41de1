"""How Services that fail are asked again, and what clients are told, as operators of Kong rely on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.ports import free_port
from tests.kit.scripted_upstream import Received, response
from tests.kit.served import served

pytestmark = pytest.mark.integration

UNAVAILABLE = "An invalid response was received from the upstream server"


class Server:
    """Fails as told, and counts."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)

    def __call__(self, request: Received) -> bytes | None:
        """The next answer; 200 when there are no more."""
        return self.answers.pop(0) if self.answers else response()


async def test_a_dead_target_is_passed_over(tmp_path: Path) -> None:
    """Of two Targets one is dead: every request reaches the other, whatever its method."""
    async with served(tmp_path, headers="X-Kong-Upstream-Status") as world:
        await world.node.admin.create("/upstreams", {"name": "up"})
        for port in (free_port(), world.upstream.port):
            await world.node.admin.create("/upstreams/up/targets", {"target": f"127.0.0.1:{port}"})
        await world.service("balanced", host="up")
        await world.route("r", "balanced", paths=["/x"])
        answers = [
            await world.get("/x", method=method, body=b"a" if method == "POST" else None)
            for method in ("GET", "POST") * 3
        ]
        assert [answer.status for answer in answers] == [200] * 6
        hosts = {request.header("Host") for request in world.upstream.requests}
        assert hosts == {f"127.0.0.1:{world.upstream.port}"}


@pytest.mark.parametrize(
    ("method", "retries", "status", "requests"),
    [("GET", 2, 502, 3), ("GET", 0, 502, 1), ("PUT", 1, 502, 2), ("POST", 2, 502, 1), ("PATCH", 2, 502, 1)],
)
async def test_a_service_that_hangs_up(
    tmp_path: Path, method: str, retries: int, status: int, requests: int
) -> None:
    """It is asked again ``retries`` times, unless the method may have done something already."""
    async with served(tmp_path, script=Server(*[None] * 9), service={"retries": retries}) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x", method=method)
        assert (answer.status, len(world.upstream.requests)) == (status, requests)
        assert UNAVAILABLE in answer.text


async def test_a_retry_that_succeeds_is_all_the_client_sees(tmp_path: Path) -> None:
    """The body of the request is sent again whole."""
    async with served(tmp_path, script=Server(None), service={"retries": 1}) as world:
        await world.route("r", paths=["/x"])
        assert (await world.get("/x", method="PUT", body=b"abc")).status == 200
        assert [request.body for request in world.upstream.requests] == [b"abc", b"abc"]


async def test_a_status_is_an_answer(tmp_path: Path) -> None:
    """A Service that answers 503 is not asked again, and its body is passed on."""
    busy = response(503, b"busy", [("Retry-After", "7")], reason="Busy Now")
    async with served(tmp_path, script=Server(busy), service={"retries": 5}) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x")
        assert (answer.status, answer.reason, answer.body) == (503, "Busy Now", b"busy")
        assert len(world.upstream.requests) == 1


async def test_a_service_that_is_late(tmp_path: Path) -> None:
    """After ``read_timeout`` it is asked again; in the end that is a 504."""

    async def silence(request: Received) -> None:
        await world.upstream.connections[request.connection].closed

    async with served(tmp_path, script=silence, service={"retries": 1, "read_timeout": 100}) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x")
        assert (answer.status, answer.reason) == (504, "Gateway Time-out")
        assert answer.text.startswith("The upstream server is timing out\nrequest_id: ")
        assert len(world.upstream.requests) == 2


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Big: " + b"a" * 100_000 + b"\r\n\r\n"]
)
async def test_nonsense_from_a_service(tmp_path: Path, answer: bytes) -> None:
    """What is no answer, or has a head without end, is a 502."""
    async with served(tmp_path, script=lambda _: answer, service={"retries": 0}) as world:
        await world.route("r", paths=["/x"])
        assert (await world.get("/x")).status == 502
