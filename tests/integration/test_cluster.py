"""Clusters of real processes: a confirmed write is served by every living node, a silent one is named."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.kit.databases import database_settings
from tests.kit.site import Reply, Site
from tests.kit.waiting import wait_for
from twisted_kong.node.standing import DEAD_AFTER

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

ROUNDS = 20
MIN_POSITION = "X-Kong-Min-Position"


class Node:
    """One node of a cluster, with the process that runs it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        site.configure("allow_min_position_header = on\n")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; returns when it serves."""
        self._process = self.site.serve()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        assert self._process is not None
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait until the process has ended; its exit code."""
        assert self._process is not None
        return self._process.wait(30)

    @property
    def instance(self) -> str:
        """What the running process calls itself."""
        (this,) = (node for node in self.listed() if node["this_node"])
        return str(this["instance"])

    def listed(self) -> list[dict[str, Any]]:
        """The nodes as this one lists them."""
        listed: list[dict[str, Any]] = self.site.admin("GET", "/cluster").json["data"]
        return listed


class Cluster:
    """Nodes on one database, with one Route ``/x`` that answers by itself with the version it was given."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self.nodes: list[Node] = []
        for name in "abc":
            place = directory / name
            place.mkdir()
            site = Site(place, shared=directory)
            stack.callback(site.clear)
            self.nodes.append(Node(site))

    def start(self, count: int) -> None:
        """Start some of the nodes, and make the Route."""
        for node in self.nodes[:count]:
            node.start()
        admin = self.nodes[0].site.admin
        assert admin("PUT", "/services/x", {"url": "http://localhost"}).status == 200
        assert admin("PUT", "/services/x/routes/x", {"paths": ["/x"]}).status == 200
        self.plugin = admin("POST", "/services/x/plugins", self._record(0)).json["id"]

    def write(self, node: Node, version: int, query: str = "wait=cluster") -> Reply:
        """Give the Route a version through one node, confirmed by all."""
        return node.site.admin("PATCH", f"/plugins/{self.plugin}?{query}", self._record(version))

    def version(self, node: Node, **headers: str) -> int:
        """Which version a node serves now."""
        return int(node.site.proxy("/x", **headers).json["message"])

    def age(self, instance: str) -> None:
        """Let the database believe that a node has been silent for long enough to be dead."""
        settings = database_settings(self._directory)
        if not settings:
            with closing(sqlite3.connect(self._directory / "kong.sqlite", isolation_level=None)) as file:
                aged = "update members set seen = seen - ? where instance = ?"
                file.execute(aged, (DEAD_AFTER, instance))
            return
        server = psycopg2.connect(
            host=settings["pg_host"],
            port=settings["pg_port"],
            user=settings["pg_user"],
            password=settings["pg_password"],
            dbname=settings["pg_database"],
            options=f"-c search_path={settings['pg_schema']}",
        )
        with closing(server), server, server.cursor() as cursor:
            aged = "update members set seen = seen - %s * interval '1 s' where instance = %s"
            cursor.execute(aged, (DEAD_AFTER, instance))

    @staticmethod
    def _record(version: int) -> dict[str, Any]:
        config = {"status_code": 200, "message": str(version)}
        return {"name": "request-termination", "config": config}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three nodes, not started."""
    with ExitStack() as stack:
        yield Cluster(tmp_path, stack)


def test_a_confirmed_write_is_served_by_every_node(cluster: Cluster) -> None:
    """Whichever node took it, the moment it is confirmed all of them answer with the new entity."""
    cluster.start(3)
    for version in range(1, ROUNDS + 1):
        confirmed = cluster.write(cluster.nodes[version % 3], version)
        served = [cluster.version(node) for node in cluster.nodes]
        assert (confirmed.status, served) == (200, [version] * 3)
        assert "wait" not in confirmed.json


def test_a_stopped_node_is_named_aged_out_and_taken_back(cluster: Cluster) -> None:
    """SIGSTOP: it is the laggard; dead it is waited for no longer; back again it is, and is as new as all."""
    cluster.start(3)
    first, second, stopped = cluster.nodes
    instance = stopped.instance
    stopped.send(signal.SIGSTOP)

    late = cluster.write(first, 1, "wait=cluster&wait_timeout=1")
    assert late.status == 504
    assert [node["instance"] for node in late.json["laggards"]] == [instance]
    assert late.json["message"].startswith("the write stands, but 1 of 3 nodes had not applied it")
    assert [cluster.version(node) for node in (first, second)] == [1, 1]
    position = late.headers["x-kong-position"]
    asked = f"/cluster/convergence?position={position}&timeout=0"
    assert second.site.admin("GET", asked).status == 504

    cluster.age(instance)
    assert not next(node for node in second.listed() if node["instance"] == instance)["live"]
    assert second.site.admin("GET", asked).status == 200
    assert cluster.write(second, 2).status == 200

    stopped.send(signal.SIGCONT)
    wait_for(lambda: next(node for node in second.listed() if node["instance"] == instance)["live"])
    for version in (3, 4, 5):
        assert cluster.write(first, version).status == 200
        assert [cluster.version(node) for node in cluster.nodes] == [version] * 3


def test_a_node_that_ends_is_not_waited_for(cluster: Cluster) -> None:
    """It takes itself off the list, by TERM and by QUIT; a new process is another node."""
    cluster.start(2)
    first, second, _ = cluster.nodes
    # twistd lets the process die of TERM once everything is closed
    for number, code in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGQUIT, 0)):
        before = second.instance
        second.send(number)
        assert second.ended() == code
        assert [node["this_node"] for node in first.listed()] == [True]
        assert cluster.write(first, 1, "wait=cluster&wait_timeout=1").status == 200
        second.start()
        assert second.instance != before
        assert len(first.listed()) == 2


def test_a_node_that_joins_knows_what_was_confirmed(cluster: Cluster) -> None:
    """Writes go on while it comes up: from its first answer on it serves nothing older than was confirmed."""
    cluster.start(2)
    first, _, joining = cluster.nodes
    confirmed, stop = [0], threading.Event()

    def write_on() -> None:
        version = 0
        while not stop.is_set():
            version += 1
            if cluster.write(first, version).status == 200:
                confirmed.append(version)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        for _ in range(2):
            joining.start()
            for _ in range(ROUNDS):
                known = confirmed[-1]
                assert cluster.version(joining) >= known
            joining.send(signal.SIGTERM)
            joining.ended()
    finally:
        stop.set()
        writer.join()
    assert confirmed[-1] > 5


def test_a_request_can_ask_for_a_position(cluster: Cluster) -> None:
    """Another node answers with what was just written, or says why it cannot; never with what was before."""
    cluster.start(2)
    first, second, _ = cluster.nodes
    for version in range(1, ROUNDS + 1):
        position = cluster.write(first, version, "").headers["x-kong-position"]
        assert cluster.version(second, **{MIN_POSITION: position}) == version
    assert second.site.proxy("/x", **{MIN_POSITION: "x"}).status == 400
    number, _ = position.split("-")
    refused = second.site.proxy("/x", **{MIN_POSITION: f"{int(number) - 1}-00000000"})
    assert (refused.status, "does not hold" in refused.json["message"]) == (503, True)


def test_the_trail_tells_who_changed_what(cluster: Cluster) -> None:
    """Whichever node is asked: the change, when, through which node and from which address."""
    cluster.start(2)
    first, second, _ = cluster.nodes
    cluster.write(second, 1)
    change = first.site.admin("GET", "/cluster/changes").json["data"][-1]
    assert (change["entity"], change["operation"], change["id"]) == ("plugins", "update", cluster.plugin)
    assert (change["author"], change["origin"]) == ("127.0.0.1", second.instance)
    assert change["node_id"] is not None
