"""Requests to a Service whose host is an Upstream, on whole nodes with real Targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from tests.kit.certificates import make_certificate
from tests.kit.http_client import Answer
from tests.kit.ports import free_port
from tests.kit.running import running_node
from tests.kit.scripted_upstream import Received, Upstream, response, scripted_upstream
from tests.kit.served import Served
from tests.kit.tls_server import TlsServer

pytestmark = pytest.mark.integration


class Balanced(Served):
    """A node, the Upstream ``up`` with a Target for each server, and the Route ``/x`` that leads there."""

    servers: list[Upstream]

    async def change(self, **fields: Any) -> None:
        """Change the Upstream."""
        await self.node.admin.patch("/upstreams/up", fields)

    async def target(self, address: str, **fields: Any) -> dict[str, Any]:
        """One more Target."""
        return await self.node.admin.create("/upstreams/up/targets", {"target": address, **fields})

    async def where(self, path: str = "/x", **more: Any) -> str:
        """The name of the server that answers a request."""
        answer = await self.get(path, **more)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.text


def named(name: str) -> Any:
    """A server that answers its name."""
    return lambda _: response(body=name.encode())


@asynccontextmanager
async def balanced(directory: Path, *weights: int, **upstream: Any) -> AsyncIterator[Balanced]:
    """Servers ``0``, ``1``, … with these weights."""
    from twisted.internet import reactor

    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(scripted_upstream(reactor, named(str(n))))
            for n in range(len(weights))
        ]
        node = await stack.enter_async_context(running_node(directory))
        world = Balanced(node, servers[0], reactor)
        world.servers = servers
        await node.admin.create("/upstreams", {"name": "up", **upstream})
        for server, weight in zip(servers, weights, strict=True):
            await world.target(f"127.0.0.1:{server.port}", weight=weight)
        await world.service("s", host="up")
        await world.route("r", "s", paths=["/x", "~/u/(?<user>[^/]+)$"])
        yield world


async def test_shares_follow_the_weights_at_once(tmp_path: Path) -> None:
    """After each change of a Target, from the next request on."""
    async with balanced(tmp_path, 100, 50) as world:
        assert Counter([await world.where() for _ in range(12)]) == {"0": 8, "1": 4}
        port = world.servers[0].port
        await world.node.admin.patch(f"/upstreams/up/targets/127.0.0.1:{port}", {"weight": 0})
        assert {await world.where() for _ in range(4)} == {"1"}
        await world.node.admin.patch(f"/upstreams/up/targets/127.0.0.1:{port}", {"weight": 50})
        assert Counter([await world.where() for _ in range(8)]) == {"0": 4, "1": 4}


@pytest.mark.parametrize(
    ("fields", "request_of"),
    [
        ({"hash_on": "header", "hash_on_header": "X-Key"}, lambda n: {"headers": [("x-key", str(n))]}),
        ({"hash_on": "query_arg", "hash_on_query_arg": "k"}, lambda n: {"path": f"/x?k={n}"}),
        ({"hash_on": "path"}, lambda n: {"path": f"/x/{n}"}),
        ({"hash_on": "uri_capture", "hash_on_uri_capture": "user"}, lambda n: {"path": f"/u/{n}"}),
        (
            {"hash_on": "consumer", "hash_fallback": "header", "hash_fallback_header": "X-Key"},
            lambda n: {"headers": [("X-Key", str(n))]},
        ),
    ],
)
async def test_a_key_leads_to_one_target(tmp_path: Path, fields: Any, request_of: Any) -> None:
    """Another Target takes its share of the keys, and leaves the others where they were."""
    async with balanced(tmp_path, 100, 100, 100, algorithm="consistent-hashing", **fields) as world:
        last = world.servers[-1].port
        await world.node.admin.delete(f"/upstreams/up/targets/127.0.0.1:{last}")
        requests = [request_of(n) for n in range(40)]
        before = [await world.where(**each) for each in requests]
        assert before == [await world.where(**each) for each in requests]
        assert set(before) == {"0", "1"}
        await world.target(f"127.0.0.1:{last}")
        after = [await world.where(**each) for each in requests]
        moved = [now for was, now in zip(before, after, strict=True) if was != now]
        assert set(moved) == {"2"}
        assert len(moved) < 30


async def test_a_client_is_given_a_cookie(tmp_path: Path) -> None:
    """By which its further requests lead to the same Target."""
    fields = {"hash_on": "cookie", "hash_on_cookie": "sess", "hash_on_cookie_path": "/x"}
    async with balanced(tmp_path, 100, 100, algorithm="consistent-hashing", **fields) as world:
        for _ in range(6):
            first = await world.get("/x")
            (cookie,) = first.all("Set-Cookie")
            value, _, rest = cookie.partition("; ")
            assert rest == "Path=/x; Same-Site=Lax; HttpOnly"
            again = await world.get("/x", headers=[("Cookie", f"a=b; {value}")])
            assert (again.text, again.header("Set-Cookie")) == (first.text, None)


async def test_two_nodes_choose_alike(tmp_path: Path) -> None:
    """And so does one that was started again."""
    from twisted.internet import reactor

    fields = {"algorithm": "consistent-hashing", "hash_on": "header", "hash_on_header": "X-Key"}
    keys = [[("X-Key", str(n))] for n in range(30)]
    async with balanced(tmp_path, 100, 70, 30, **fields) as world:
        there = [await world.where(headers=key) for key in keys]
        async with running_node(tmp_path, name="other") as other:
            second = Served(other, world.upstream, reactor)
            assert [(await second.get("/x", headers=key)).text for key in keys] == there


async def test_a_busy_target_is_spared(tmp_path: Path) -> None:
    """With least-connections, for as long as its request takes."""
    async with balanced(tmp_path, 100, 100, algorithm="least-connections") as world:
        slow = world.servers[0]

        async def late(_: Received) -> bytes:
            await deferLater(world.reactor, 0.5, lambda: None)
            return response(body=b"late")

        slow.script = late
        asked: list[Deferred[Answer]] = [Deferred.fromCoroutine(world.get("/x")) for _ in range(2)]
        await world.node.until(lambda: slow.requests)
        assert {await world.where() for _ in range(6)} == {"1"}
        assert "late" in {answer.text for answer in await gatherResults(asked)}


async def test_no_target_is_tried_twice_while_another_is_left(tmp_path: Path) -> None:
    """With every algorithm: of three Targets two refuse, and one retry less would not do."""
    async with balanced(tmp_path, 100) as world:
        for _ in range(2):
            await world.target(f"127.0.0.1:{free_port()}")
        await world.node.admin.patch("/services/s", {"retries": 2})
        for algorithm in ("round-robin", "least-connections", "latency", "consistent-hashing"):
            await world.change(algorithm=algorithm, hash_on="path")
            assert {await world.where(f"/x/{n}") for n in range(9)} == {"0"}


async def test_what_is_said_and_shown_to_targets(tmp_path: Path) -> None:
    """``host_header``, and ``client_certificate`` where the Service has none of its own."""
    from twisted.internet import reactor

    server = TlsServer(reactor)
    async with balanced(tmp_path, 0) as world, scripted_upstream(server) as secure:
        await world.target(f"127.0.0.1:{secure.port}")
        await world.node.admin.patch("/services/s", {"protocol": "https"})
        assert (await world.get("/x")).status == 200
        assert server.clients == []
        for name in ("one.test", "two.test"):
            certificate, key = make_certificate(name)
            made = await world.node.admin.create("/certificates", {"cert": certificate, "key": key})
            await world.change(client_certificate={"id": made["id"]}, host_header=f"{name}:99")
            assert (await world.get("/x")).status == 200
            assert set(server.clients) == {name}
            assert server.names[-1] == name
            server.clients.clear()


@pytest.mark.parametrize("algorithm", ["round-robin", "least-connections", "latency", "consistent-hashing"])
async def test_changes_of_targets_disturb_no_request(tmp_path: Path, algorithm: str) -> None:
    """While Targets come, change and go, every request is answered, by one that was there."""
    fields = {"algorithm": algorithm, "hash_on": "query_arg", "hash_on_query_arg": "k"}
    async with balanced(tmp_path, 100, 100, 100, **fields) as world:
        done = False
        answers: Counter[tuple[int, str]] = Counter()

        async def ask(client: int) -> None:
            number = client
            while not done:
                answer = await world.get(f"/x?k={number}")
                answers[answer.status, answer.text] += 1
                number += 8

        asking = [Deferred.fromCoroutine(ask(client)) for client in range(8)]
        last = f"/upstreams/up/targets/127.0.0.1:{world.servers[-1].port}"
        for weight in (50, 0, 200):
            await world.node.admin.patch(last, {"weight": weight})
            await world.node.admin.delete(last)
            await world.target(f"127.0.0.1:{world.servers[-1].port}")
        done = True
        await gatherResults(asking)
        assert {status for status, _ in answers} == {200}
        assert {text for _, text in answers} == {"0", "1", "2"}
        assert sum(answers.values()) > 50
