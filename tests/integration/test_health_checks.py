"""Health checks over real sockets: targets that are dead, slow, reset connections or swallow everything."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.kit.certificates import make_certificate
from tests.kit.running import RunningNode, running_node
from tests.kit.scripted_upstream import Received, Upstream, response, scripted_upstream
from tests.kit.tcp_proxy import TcpProxy, tcp_proxy
from tests.kit.tls_server import TlsServer

pytestmark = pytest.mark.integration

# Of active checks, in seconds: short enough to wait for, and a limit that a busy machine keeps.
INTERVAL, TIMEOUT = 0.1, 0.4
# How the service fails within this time where it is to time out.
IMPATIENT = {"connect_timeout": 200, "read_timeout": 200}
NO_PEER = {"message": "failure to get a peer from the ring-balancer"}


def active(*, failures: int = 3, successes: int = 2, **more: Any) -> dict[str, Any]:
    """Active checks."""
    return {
        "active": {
            "timeout": TIMEOUT,
            "healthy": {"interval": INTERVAL, "successes": successes},
            "unhealthy": {
                "interval": INTERVAL,
                "http_failures": failures,
                "tcp_failures": failures,
                "timeouts": failures,
            },
            **more,
        }
    }


def passive(failures: int = 3) -> dict[str, Any]:
    """Passive checks."""
    limits = {"http_failures": failures, "tcp_failures": failures, "timeouts": failures}
    return {"passive": {"unhealthy": limits}}


class Balanced:
    """A node whose Service ``s`` at ``/`` is balanced over the Upstream ``up``."""

    def __init__(self, node: RunningNode) -> None:
        self.node = node
        self.id = ""

    async def set_up(self, checks: dict[str, Any], *ports: int, **service: Any) -> None:
        """Make all of it; the ports are the Targets'."""
        admin = self.node.admin
        self.id = (await admin.create("/upstreams", {"name": "up", "healthchecks": checks}))["id"]
        for port in ports:
            await admin.create("/upstreams/up/targets", {"target": f"127.0.0.1:{port}"})
        await admin.create("/services", {"name": "s", "host": "up", "retries": 0, **service})
        await admin.create("/services/s/routes", {"paths": ["/"], "name": "r"})

    def available(self, port: int) -> bool:
        """Whether this node sends requests there."""
        health = self.node.parts.state.balancing.health
        assert health is not None
        return health.healthy(self.id, ("127.0.0.1", port), "127.0.0.1", port)  # type: ignore[attr-defined, no-any-return]

    async def told(self) -> dict[int, str]:
        """What the Admin API tells of each Target, by port."""
        rows = (await self.node.admin.get("/upstreams/up/health")).json["data"]
        return {int(row["target"].rpartition(":")[2]): row["health"] for row in rows}

    async def get(self) -> int:
        """The status of a request."""
        return (await self.node.proxy.get("/")).status


@asynccontextmanager
async def balanced(directory: Path, **settings: object) -> AsyncIterator[Balanced]:
    """A node, without an Upstream yet."""
    async with running_node(directory, **settings) as node:
        yield Balanced(node)


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that accepts nothing and refuses nothing: what is sent there gets no answer."""
    with socket.socket() as listening, socket.socket() as one, socket.socket() as two:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for filling in (one, two):
            filling.setblocking(False)
            filling.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@contextmanager
def nobody() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def failing(_: Received) -> bytes:
    """Answers, but badly."""
    return response(500)


def closing(_: Received) -> None:
    """Closes the connection without an answer."""


async def never(_: Received) -> None:
    """Does not answer before the other side gives up."""
    await Deferred()


def slow(_: Received) -> bytes:
    """Begins an answer, and is not done with its first line before the other side gives up."""
    return b"HTTP/1.1 20"


Fault = Callable[[Received], "bytes | Awaitable[bytes | None] | None"]


class Watching:
    """A script that notes what is thought of its server whenever a probe arrives."""

    def __init__(self, world: Balanced, server: Upstream) -> None:
        self._world, self._server = world, server
        self.answer: Fault = lambda _: response()
        self.seen: list[bool] = []

    def __call__(self, request: Received) -> bytes | Awaitable[bytes | None] | None:
        self.seen.append(self._world.available(self._server.port))
        return self.answer(request)


@pytest.mark.parametrize("fault", [failing, closing, never, slow])
@pytest.mark.parametrize(("failures", "successes"), [(1, 1), (3, 2)])
async def test_probes_decide_exactly(tmp_path: Path, fault: Fault, failures: int, successes: int) -> None:
    """Each probe finds its server as the probes before it have left it: out after just the configured
    failures, back after just the configured successes."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor) as server, balanced(tmp_path) as world:
        watching = Watching(world, server)
        await world.set_up(active(failures=failures, successes=successes), server.port)
        server.script = watching
        await world.node.until(lambda: watching.seen)
        assert await world.told() == {server.port: "HEALTHY"}
        begun = len(watching.seen)
        watching.answer = fault
        await world.node.until(lambda: len(watching.seen) > begun + failures + 1)
        assert watching.seen[begun:][: failures + 1] == [True] * failures + [False]
        assert await world.told() == {server.port: "UNHEALTHY"}
        assert (await world.node.proxy.get("/")).json["message"] == NO_PEER["message"]
        begun = len(watching.seen)
        watching.answer = lambda _: response()
        await world.node.until(lambda: world.available(server.port))
        assert watching.seen[begun:].count(False) == successes
        assert await world.get() == 200


@pytest.mark.parametrize("place", [nobody, black_hole])
async def test_who_is_not_there_is_out(tmp_path: Path, place: Any) -> None:
    """A port that refuses, and one from which nothing comes at all; the others serve everything."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor) as server, balanced(tmp_path) as world:
        with place() as port:
            await world.set_up(active(failures=2), server.port, port)
            await world.node.until(lambda: not world.available(port))
            assert await world.told() == {server.port: "HEALTHY", port: "UNHEALTHY"}
            assert [await world.get() for _ in range(10)] == [200] * 10
            whole = (await world.node.admin.get("/upstreams/up/health?balancer_health=1")).json["data"]
            assert (whole["health"], whole["details"]["weight"]["unavailable"]) == ("HEALTHY", 100)


async def cut(proxy: TcpProxy) -> None:
    """Resets every connection."""
    proxy.cut(refuse=True)


async def swallow(proxy: TcpProxy) -> None:
    """Takes everything and gives nothing."""
    proxy.swallow()


async def delay(proxy: TcpProxy) -> None:
    """Takes longer than anybody waits."""
    proxy.delay(1)


@pytest.mark.parametrize(("spoil", "status"), [(cut, 502), (swallow, 504), (delay, 504)])
async def test_requests_decide_exactly(
    tmp_path: Path, spoil: Callable[[TcpProxy], Awaitable[None]], status: int
) -> None:
    """The configured number of requests fails, not one more; then another serves all, until an operator
    says otherwise."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor) as server, balanced(tmp_path) as world:
        with tcp_proxy(server.port) as proxy:
            await world.set_up(passive(failures=3), server.port, proxy.port, **IMPATIENT)
            assert [await world.get() for _ in range(4)] == [200] * 4
            await spoil(proxy)
            statuses = [await world.get() for _ in range(20)]
            assert sorted(statuses) == [200] * 17 + [status] * 3
            assert statuses[-10:] == [200] * 10
            assert await world.told() == {server.port: "HEALTHY", proxy.port: "UNHEALTHY"}
            proxy.heal()
            # Everything is read again, which changes nothing.
            assert (await world.node.admin.delete("/cache")).status == 204
            assert [await world.get() for _ in range(4)] == [200] * 4
            assert not world.available(proxy.port)
            path = f"/upstreams/up/targets/127.0.0.1:{proxy.port}/healthy"
            assert (await world.node.admin.put(path)).status == 204
            assert await world.told() == {server.port: "HEALTHY", proxy.port: "HEALTHY"}
            passed = proxy.connections
            assert [await world.get() for _ in range(4)] == [200] * 4
            assert proxy.connections >= passed


async def test_requests_break_the_circuit_and_probes_close_it(tmp_path: Path) -> None:
    """As with Kong: after two bad answers nobody is asked any more; probes find out when all is well."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor) as server, balanced(tmp_path) as world:
        checks = {
            "passive": {"unhealthy": {"http_failures": 2, "http_statuses": [500]}},
            "active": {
                "http_path": "/up",
                "healthy": {"successes": 2, "interval": 0},
                "unhealthy": {"interval": 0.2},
            },
        }
        await world.set_up(checks, server.port)
        server.script = lambda request: response(200 if request.target == "/up" else 500)
        assert [await world.get() for _ in range(4)] == [500, 500, 503, 503]
        asked = [each.target for each in server.requests]
        assert asked[:2] == ["/", "/"]
        await world.node.until(lambda: world.available(server.port))
        probes = [each for each in server.requests if each.target == "/up"]
        assert len(probes) == 2
        assert (probes[0].version, probes[0].header("host")) == ("HTTP/1.0", "127.0.0.1")
        server.script = lambda _: response()
        assert await world.get() == 200


async def test_too_little_weight_closes_the_upstream(tmp_path: Path) -> None:
    """With a threshold of 50 the healthy half alone serves nothing, in Kong's words."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor) as server, balanced(tmp_path) as world:
        with nobody() as port:
            await world.set_up({"threshold": 50, **passive(1)}, server.port, port)
            statuses = [await world.get() for _ in range(4)]
            assert set(statuses) == {200, 502, 503} or statuses[:2] == [502, 503]
            assert statuses[2:] == [503, 503]
            whole = (await world.node.admin.get("/upstreams/up/health?balancer_health=1")).json["data"]
            assert whole["balancer_health"] == "UNHEALTHY"
            await world.node.admin.patch("/upstreams/up", {"healthchecks": {"threshold": 49}})
            assert [await world.get() for _ in range(4)] == [200] * 4
            # The change of the threshold has brought nobody back.
            assert await world.told() == {server.port: "HEALTHY", port: "UNHEALTHY"}


async def test_a_target_that_is_removed_is_probed_no_more(tmp_path: Path) -> None:
    """From the answer to its removal on; the others are, all the time, whatever else is changed."""
    from twisted.internet import reactor

    async with (
        scripted_upstream(reactor) as one,
        scripted_upstream(reactor) as two,
        balanced(tmp_path) as world,
    ):
        await world.set_up(active(), one.port, two.port)
        await world.node.until(lambda: one.requests and two.requests)
        await world.node.admin.delete(f"/upstreams/up/targets/127.0.0.1:{two.port}")
        await world.node.after(0)
        probed, known = len(two.requests), len(one.requests)
        for number in range(5):
            await world.node.admin.patch("/upstreams/up", {"tags": [f"t{number}"]})
        await world.node.until(lambda: len(one.requests) > known + 3)
        assert len(two.requests) == probed


async def test_nothing_is_probed_where_nothing_is_configured(tmp_path: Path) -> None:
    """And nothing is asked by requests either."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor) as server, balanced(tmp_path) as world:
        await world.set_up({}, server.port)
        assert await world.get() == 200
        assert world.node.parts.state.balancing.health is None
        await world.node.after(3 * INTERVAL)
        assert len(server.requests) == 1
        assert await world.told() == {server.port: "HEALTHCHECKS_OFF"}


async def test_a_node_that_stops_leaves_no_probe_behind(tmp_path: Path) -> None:
    """Neither one that waits for a connection nor one that waits for an answer."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor, never) as server:
        with black_hole() as hole:
            async with balanced(tmp_path) as world:
                await world.set_up(active(timeout=60), server.port, hole)
                await world.node.until(lambda: server.requests)
            await server.connections[0].closed


@pytest.mark.each_database
async def test_what_an_operator_sets_reaches_every_node(tmp_path: Path) -> None:
    """Through the log, whichever node is told; no row is left; a node that comes later knows nothing."""
    from twisted.internet import reactor

    async with (
        scripted_upstream(reactor) as server,
        running_node(tmp_path, "a", db_update_frequency=0.05) as first,
        running_node(tmp_path, "b", db_update_frequency=0.05) as second,
    ):
        one, two = Balanced(first), Balanced(second)
        await one.set_up(passive(), server.port)
        path = f"/upstreams/up/targets/127.0.0.1:{server.port}"
        answer = await first.admin.put(f"{path}/unhealthy?wait=cluster")
        assert (answer.status, answer.body) == (204, b"")
        assert answer.header("X-Kong-Position")
        for node in (one, two):
            assert await node.told() == {server.port: "UNHEALTHY"}
            assert await node.get() == 503
        async with running_node(tmp_path, "c") as third:
            assert await Balanced(third).told() == {server.port: "HEALTHY"}
        address = f"{path}/127.0.0.1:{server.port}"
        assert (await second.admin.put(f"{address}/healthy?wait=cluster")).status == 204
        for node in (one, two):
            assert await node.told() == {server.port: "HEALTHY"}
            assert await node.get() == 200
        rows = [row async for row in first.parts.database["parameters"].each()]
        assert not [row for row in rows if "target" in row["key"]]


async def test_a_target_may_be_set_as_soon_as_it_is_made(tmp_path: Path) -> None:
    """Also on a node that hears of both at once."""
    from twisted.internet import reactor

    async with (
        scripted_upstream(reactor) as server,
        running_node(tmp_path, "a") as first,
        running_node(tmp_path, "b", db_update_frequency=0.5) as second,
    ):
        one, two = Balanced(first), Balanced(second)
        await one.set_up(passive(), server.port)
        path = f"/upstreams/up/targets/127.0.0.1:{server.port}/unhealthy"
        assert (await first.admin.put(f"{path}?wait=cluster")).status == 204
        assert await two.told() == {server.port: "UNHEALTHY"}


@pytest.mark.parametrize("kind", ["https", "grpcs"])
async def test_probes_verify_certificates(tmp_path: Path, kind: str) -> None:
    """By ``lua_ssl_trusted_certificate`` and for ``https_sni``; a wrong name, and none that is trusted, is a
    connection that failed."""
    from twisted.internet import reactor

    tls = TlsServer(reactor, "good.test")
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(tls.certificate)
    async with (
        scripted_upstream(tls) as server,
        balanced(tmp_path, lua_ssl_trusted_certificate=trusted) as world,
    ):
        await world.set_up(active(failures=1, successes=1, type=kind, https_sni="bad.test"), server.port)
        await world.node.until(lambda: not world.available(server.port))
        checks = {"active": {"https_sni": "good.test"}}
        await world.node.admin.patch("/upstreams/up", {"healthchecks": checks})
        await world.node.until(lambda: world.available(server.port))
        assert {"bad.test", "good.test"} <= set(tls.names)
        checks = {"active": {"https_sni": "bad.test", "https_verify_certificate": False}}
        await world.node.admin.patch("/upstreams/up", {"healthchecks": checks})
        begun = len(tls.names)
        await world.node.until(lambda: len(tls.names) > begun + 2)
        assert world.available(server.port)
        assert bool(server.requests) is (kind == "https")


@pytest.mark.parametrize("kind", ["tcp", "grpc"])
async def test_probes_that_only_connect(tmp_path: Path, kind: str) -> None:
    """Whoever accepts is healthy, whatever it would answer."""
    from twisted.internet import reactor

    async with scripted_upstream(reactor, failing) as server, balanced(tmp_path) as world:
        with nobody() as port:
            await world.set_up(active(failures=1, type=kind), server.port, port)
            await world.node.until(lambda: not world.available(port))
            await world.node.until(lambda: len(server.connections) > 3)
            assert world.available(server.port)
            assert server.requests == []


async def test_each_address_of_a_name_is_judged_by_itself(tmp_path: Path) -> None:
    """One that is out leaves the Target healthy; an operator may set one alone, or all of them."""
    from twisted.internet import reactor

    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 two.test\n127.0.0.2 two.test\n")
    async with (
        scripted_upstream(reactor) as server,
        balanced(tmp_path, dns_hostsfile=hosts) as world,
    ):
        admin, target = world.node.admin, f"two.test:{server.port}"
        await world.set_up(active(failures=1))
        await admin.create("/upstreams/up/targets", {"target": target})

        async def told() -> tuple[str, list[str]]:
            row = (await admin.get("/upstreams/up/health")).json["data"][0]
            return row["health"], [each["health"] for each in row["data"]["addresses"]]

        await world.node.until(lambda: server.requests)

        async def is_out() -> bool:
            return await told() == ("HEALTHY", ["HEALTHY", "UNHEALTHY"])

        await world.node.until(is_out)
        assert [await world.get() for _ in range(6)] == [200] * 6
        assert server.requests[0].header("host") == "two.test"
        # Without probes what is set stays.
        still = {"healthy": {"interval": 0}, "unhealthy": {"interval": 0}}
        await admin.patch("/upstreams/up", {"healthchecks": {**passive(), "active": still}})
        for path, health in (
            (f"{target}/127.0.0.1/unhealthy", ("UNHEALTHY", ["UNHEALTHY", "UNHEALTHY"])),
            (f"{target}/127.0.0.2:{server.port}/healthy", ("HEALTHY", ["UNHEALTHY", "HEALTHY"])),
            (f"{target}/healthy", ("HEALTHY", ["HEALTHY", "HEALTHY"])),
            (f"{target}/127.0.0.2:1/unhealthy", ("HEALTHY", ["HEALTHY", "HEALTHY"])),
        ):
            assert (await admin.put(f"/upstreams/up/targets/{path}")).status == 204
            assert await told() == health


async def test_probes_present_the_certificate_of_the_upstream(tmp_path: Path) -> None:
    """As Kong's do, and the new one as soon as it is changed."""
    from twisted.internet import reactor

    tls = TlsServer(reactor, "up.test")
    async with scripted_upstream(tls) as server, balanced(tmp_path) as world:
        admin = world.node.admin
        first, second = (make_certificate(name) for name in ("first.test", "second.test"))
        stored = await admin.create("/certificates", dict(zip(("cert", "key"), first, strict=True)))
        await world.set_up(active(type="https", https_verify_certificate=False), server.port)
        await admin.patch("/upstreams/up", {"client_certificate": {"id": stored["id"]}})
        await world.node.until(lambda: tls.clients)
        assert set(tls.clients) == {"first.test"}
        await admin.patch(f"/certificates/{stored['id']}", dict(zip(("cert", "key"), second, strict=True)))
        await world.node.until(lambda: tls.clients[-1] == "second.test")
        assert world.available(server.port)
