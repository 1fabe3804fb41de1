"""Names of Services and Targets, looked up by whole nodes at a name server."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol

from tests.kit.name_server import Zone, name_server
from tests.kit.running import running_node
from tests.kit.scripted_upstream import response, scripted_upstream
from tests.kit.served import Served

pytestmark = pytest.mark.integration


@asynccontextmanager
async def world(directory: Path, **settings: Any) -> AsyncIterator[tuple[Served, Zone, list[int]]]:
    """A node, the name server it asks, and two Services whose answers are their numbers."""
    from twisted.internet import reactor

    async with (
        name_server() as zone,
        scripted_upstream(reactor, lambda _: response(body=b"0")) as first,
        scripted_upstream(reactor, lambda _: response(body=b"1")) as second,
        running_node(directory, dns_resolver=f"127.0.0.1:{zone.port}", **settings) as node,
    ):
        yield Served(node, first, reactor), zone, [first.port, second.port]


async def test_a_service_by_name(tmp_path: Path) -> None:
    """Followed over an alias, asked for once, and said in Host as it was written."""
    async with world(tmp_path) as (served, zone, ports):
        zone.set("CNAME", "alias.test", "real.test")
        zone.set("A", "real.test", "127.0.0.1")
        await served.service("s", host="Alias.test", port=ports[0])
        await served.route("r", "s", paths=["/x"])
        assert [(await served.get("/x")).text for _ in range(3)] == ["0"] * 3
        assert served.upstream.requests[-1].header("Host") == f"Alias.test:{ports[0]}"
        assert zone.asked.count(("real.test", "A")) == 1


async def test_a_service_of_srv_records(tmp_path: Path) -> None:
    """Ports and shares are theirs; of several priorities the best one counts; Host is their target's name."""
    async with world(tmp_path) as (served, zone, ports):
        zone.set(
            *("SRV", "svc.test", (1, 3, ports[0], "a.test"), (1, 1, ports[1], "b.test")), (2, 9, 1, "c.test")
        )
        zone.set("A", "a.test", "127.0.0.1")
        zone.set("A", "b.test", "127.0.0.1")
        await served.service("s", host="svc.test", port=1)
        await served.route("r", "s", paths=["/x"])
        assert Counter([(await served.get("/x")).text for _ in range(8)]) == {"0": 6, "1": 2}
        assert served.upstream.requests[-1].header("Host") == f"a.test:{ports[0]}"


async def test_targets_by_name(tmp_path: Path) -> None:
    """SRV records bring their ports and weights; ``use_srv_name`` has Host be the name of the Target."""
    async with world(tmp_path) as (served, zone, ports):
        zone.set("SRV", "svc.test", (1, 3, ports[0], "a.test"), (1, 1, ports[1], "a.test"))
        zone.set("A", "a.test", "127.0.0.1")
        await served.node.admin.create("/upstreams", {"name": "up"})
        await served.node.admin.create("/upstreams/up/targets", {"target": "svc.test:1"})
        await served.service("s", host="up")
        await served.route("r", "s", paths=["/x"])
        assert Counter([(await served.get("/x")).text for _ in range(8)]) == {"0": 6, "1": 2}
        assert served.upstream.requests[-1].header("Host") == f"a.test:{ports[0]}"
        await served.node.admin.patch("/upstreams/up", {"use_srv_name": True})
        assert Counter([(await served.get("/x")).text for _ in range(8)]) == {"0": 6, "1": 2}
        assert served.upstream.requests[-1].header("Host") == f"svc.test:{ports[0]}"


async def test_an_answer_ages(tmp_path: Path) -> None:
    """After its time to live the name is asked for again; the old answer serves meanwhile."""
    async with world(tmp_path, dns_order="LAST,A") as (served, zone, ports):
        zone.set("SRV", "svc.test", (1, 3, ports[0], "a.test"))
        zone.set("A", "svc.test", "127.0.0.9", ttl=1)
        await served.service("s", host="svc.test", port=ports[0], connect_timeout=200, retries=0)
        await served.route("r", "s", paths=["/x"])
        assert (await served.get("/x")).status == 502
        zone.set("A", "svc.test", "127.0.0.1", ttl=1)
        await served.node.after(1.1)
        await served.get("/x")
        await served.node.until(lambda: len(zone.asked) == 2)
        await served.node.after(0.05)
        assert (await served.get("/x")).text == "0"
        zone.broken = True
        await served.node.after(1.1)
        assert [(await served.get("/x")).text for _ in range(3)] == ["0"] * 3


async def test_what_does_not_exist_and_what_nobody_can_say(tmp_path: Path) -> None:
    """503 and 500, as in Kong; the latter is asked again at once, the former after a while."""
    async with world(tmp_path, dns_error_ttl="0") as (served, zone, ports):
        await served.service("s", host="none.test", port=ports[0])
        await served.route("r", "s", paths=["/x"])
        answer = await served.get("/x")
        assert (answer.status, answer.json["message"]) == (503, "name resolution failed")
        asked = len(zone.asked)
        zone.set("A", "none.test", "127.0.0.1")
        assert (await served.get("/x")).status == 503
        assert len(zone.asked) == asked
        zone.broken = True
        await served.service("t", host="broken.test", port=ports[0])
        await served.route("q", "t", paths=["/y"])
        answer = await served.get("/y")
        assert answer.status == 500
        assert "failed the initial dns/balancer resolve for 'broken.test'" in answer.json["message"]
        zone.broken = False
        zone.set("A", "broken.test", "127.0.0.1")
        assert (await served.get("/y")).text == "0"


async def test_the_hosts_file_comes_first(tmp_path: Path) -> None:
    """Whatever name servers say."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 Here.test # ours\n")
    async with world(tmp_path, dns_hostsfile=hosts) as (served, zone, ports):
        await served.service("s", host="here.test", port=ports[0])
        await served.route("r", "s", paths=["/x"])
        assert (await served.get("/x")).text == "0"
        assert zone.asked == []


async def test_a_node_stops_while_it_waits_for_an_answer(tmp_path: Path) -> None:
    """At once, and leaves neither port nor timer behind."""
    from twisted.internet import reactor

    running: Any = reactor
    silent = running.listenUDP(0, DatagramProtocol(), interface="127.0.0.1")
    try:
        async with running_node(tmp_path, dns_resolver=f"127.0.0.1:{silent.getHost().port}") as node:
            await node.admin.create("/services", {"name": "s", "host": "slow.test"})
            await node.admin.create("/services/s/routes", {"name": "r", "paths": ["/x"]})
            asked = Deferred.fromCoroutine(node.proxy.request("GET", "/x"))
            asked.addErrback(lambda failure: failure.trap(ConnectionError))
            await node.after(0.2)
        await asked
    finally:
        await silent.stopListening()
