"""Clusters whose replica lags: a confirmed write is served by the nodes that read there, or join there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.cluster import Cluster, ClusterNode, new_cluster
from tests.kit.postgres import requires_postgres

pytestmark = [pytest.mark.integration, requires_postgres]

LAG = "700ms"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes, two of which read from a replica that lags; a Route that answers with a message."""
    with new_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        admin = cluster.nodes[0].site.admin
        assert admin("POST", "/routes", {"name": "r", "paths": ["/r"]}).status == 201
        assert cluster.replica is not None
        cluster.replica.configure(recovery_min_apply_delay=LAG)
        cluster.replica.reload()
        yield cluster


@pytest.fixture(scope="module")
def plugin(cluster: Cluster) -> str:
    """The path of the Plugin that has the message."""
    admin = cluster.nodes[2].site.admin
    return f"/plugins/{admin('POST', '/routes/r/plugins?wait=cluster', record(0)).json['id']}"


def record(number: int) -> dict[str, Any]:
    """A Plugin that answers with a number."""
    return {"name": "request-termination", "config": {"status_code": 200, "message": f"{number}"}}


def served(node: ClusterNode) -> int:
    """Which number a node answers with."""
    return int(node.site.proxy("/r").json["message"])


def test_what_is_confirmed_is_served_behind_a_lagging_replica(cluster: Cluster, plugin: str) -> None:
    """A node has applied a change when the reads that follow find it, wherever they go."""
    for number in range(1, 6):
        writer = cluster.nodes[number % 3]
        assert writer.site.admin("PATCH", f"{plugin}?wait=cluster", record(number)).status == 200
        assert [served(node) for node in cluster.nodes] == [number] * 3


def test_a_node_that_joins_behind_a_lagging_replica(cluster: Cluster, plugin: str) -> None:
    """What was confirmed before the others knew of it is served, though the replica does not have it yet."""
    writer, joining = cluster.nodes[2], cluster.nodes[1]
    confirmed, stop = [0], threading.Event()

    def write_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            query = "wait=cluster&wait_timeout=3"
            if writer.site.admin("PATCH", f"{plugin}?{query}", record(number)).status == 200:
                confirmed.append(number)

    def leave() -> None:
        process = joining.process
        assert process is not None
        process.terminate()
        process.wait()

    leave()
    writing = threading.Thread(target=write_on)
    writing.start()
    try:
        for _ in range(3):
            joining.start()
            for _ in range(10):
                known = confirmed[-1]
                assert served(joining) >= known
            leave()
    finally:
        stop.set()
        writing.join()
    assert len(confirmed) > 2
