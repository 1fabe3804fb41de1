"""``?wait=cluster`` on real processes over PostgreSQL: all have it, or the answer names who has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.cluster import Cluster, new_cluster
from tests.kit.postgres import requires_postgres

pytestmark = [pytest.mark.integration, requires_postgres]

CHANGES = 15


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes, two of which read from a replica; a Route that answers with a message."""
    with new_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        admin = cluster.nodes[0].site.admin
        assert admin("POST", "/routes", {"name": "r", "paths": ["/r"]}).status == 201
        yield cluster


@pytest.fixture(scope="module")
def plugin(cluster: Cluster) -> str:
    """The path of the Plugin that has the message, which all nodes know."""
    record = {"name": "request-termination", **message("0")}
    made = cluster.nodes[0].site.admin("POST", "/routes/r/plugins?wait=cluster", record)
    assert made.status == 201, made.body
    return f"/plugins/{made.json['id']}"


def message(text: str) -> dict[str, Any]:
    return {"config": {"status_code": 200, "message": text}}


def test_what_is_confirmed_is_served_everywhere(cluster: Cluster, plugin: str) -> None:
    """By whichever node it was written, the next request to any node finds it."""
    for number in range(1, CHANGES + 1):
        writer = cluster.nodes[number % len(cluster.nodes)]
        done = writer.site.admin("PATCH", f"{plugin}?wait=cluster", message(f"{number}"))
        assert done.status == 200, done.body
        assert [node.site.proxy("/r").json["message"] for node in cluster.nodes] == [f"{number}"] * 3


def test_a_node_that_does_not_follow_is_named(cluster: Cluster, plugin: str) -> None:
    """Stopped: 504 with its name, the write stands, and once it goes on the same position is reached."""
    writer, stopped = cluster.nodes[0], cluster.nodes[2]
    node_id = stopped.site.admin("GET", "/").json["node_id"]
    stopped.pause()
    try:
        done = writer.site.admin("PATCH", f"{plugin}?wait=cluster&wait_timeout=0.5", message("late"))
        assert done.status == 504, done.body
        assert [laggard["id"] for laggard in done.json["laggards"]] == [node_id]
        assert writer.site.proxy("/r").json == {"message": "late"}
    finally:
        stopped.resume()
    position = done.json["position"]
    reached = writer.site.admin("GET", f"/cluster/convergence?position={position}&timeout=10")
    assert reached.status == 200, reached.body
    assert stopped.site.proxy("/r").json == {"message": "late"}
