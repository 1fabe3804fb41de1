"""``/cluster``: the nodes, the audit trail and the wait for convergence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.admin_node import NODE_ID, START
from tests.kit.deferreds import success_of
from tests.unit.admin.test_confirmation import OTHER, Cluster
from twisted_kong.core.errors import DatabaseUnavailable


@pytest.fixture
def cluster() -> Cluster:
    """A node whose Admin API is asked; another one reports when the test says so."""
    return Cluster()


def test_every_node_is_listed(cluster: Cluster) -> None:
    """Where each stands and when it was last seen; the one that is asked is as it is now."""
    cluster.create("/services", {"host": "h"})
    cluster.report(cluster.head())
    cluster.create("/services", {"host": "h"})
    cluster.create("/services", {"host": "h"})
    cluster.clock.advance(12.5)
    head = str(cluster.head())
    answer = cluster.client.get("/cluster")
    assert (answer.status, answer.json["position"], answer.json["next"]) == (200, head, None)
    assert answer.json["data"] == [
        {
            "id": OTHER.id,
            "instance": "other",
            "hostname": "beta.example",
            "version": "0.1.0",
            "started": 0,
            "last_seen": int(START),
            "age": 12.5,
            "position": answer.json["data"][0]["position"],
            "lag": 2,
            "live": True,
            "this_node": False,
        },
        {
            "id": NODE_ID,
            "instance": "test",
            "hostname": "test-host",
            "version": "0.1.0",
            "started": int(START),
            "last_seen": int(START + 12.5),
            "age": 0,
            "position": head,
            "lag": 0,
            "live": True,
            "this_node": True,
        },
    ]


def test_the_dead_and_the_new_are_listed(cluster: Cluster) -> None:
    """A node that is silent is not live; one that has not loaded yet has no position and no lag."""
    cluster.report(None)
    cluster.clock.advance(30)
    other, _ = cluster.client.get("/cluster").json["data"]
    assert (other["live"], other["position"], other["lag"]) == (False, None, None)


def test_who_changed_what(cluster: Cluster) -> None:
    """Each change has its kind, id, time, position, origin and the address that asked for it."""
    made = cluster.create("/services", {"name": "s", "host": "h"})
    cluster.client.delete("/services/s")
    body = cluster.client.get("/cluster/changes").json
    created, deleted = body["data"][-2:]
    assert (created["entity"], created["operation"], created["id"]) == ("services", "create", made["id"])
    assert (created["author"], created["origin"], created["at"]) == ("127.0.0.1", "test", START)
    assert (created["node_id"], created["hostname"]) == (NODE_ID, "test-host")
    assert (deleted["operation"], deleted["position"]) == ("delete", str(cluster.head()))
    assert (body["next"], body["position"]) == (None, str(cluster.head()))


def test_every_write_has_its_author(cluster: Cluster) -> None:
    """Whichever endpoint wrote: collections, entities, nested ones and through them."""
    start = str(cluster.head())
    client = cluster.client
    for method, path, body in (
        ("POST", "/services", {"name": "s", "host": "h"}),
        ("PATCH", "/services/s", {"host": "i"}),
        ("PUT", "/services/s", {"host": "j"}),
        ("POST", "/services/s/routes", {"name": "r", "paths": ["/"]}),
        ("PUT", "/services/s/routes/r", {"paths": ["/a"]}),
        ("PATCH", "/services/s/routes/r", {"paths": ["/b"]}),
        ("PATCH", "/routes/r/service", {"host": "k"}),
        ("PUT", "/routes/r/service", {"name": "s", "host": "l"}),
        ("POST", "/routes", {"name": "q", "paths": ["/q"]}),
        ("PUT", "/routes/q/service", {"host": "m"}),
        ("DELETE", "/services/s/routes/r", None),
        ("PUT", "/upstreams/u", {}),
        ("POST", "/upstreams/u/targets", {"target": "127.0.0.1:80"}),
        ("PATCH", "/upstreams/u/targets/127.0.0.1:80", {"weight": 1}),
        ("DELETE", "/upstreams/u/targets/127.0.0.1:80", None),
        ("DELETE", "/upstreams/u", None),
    ):
        assert client.request(method, path, json=body).status < 300, (method, path)
    changes = client.get(f"/cluster/changes?after={start}").json["data"]
    assert len(changes) >= 16
    assert {change["author"] for change in changes} == {"127.0.0.1"}


def test_an_origin_that_nobody_knows(cluster: Cluster) -> None:
    """Of a node that has gone the process is all that is told."""
    dao = cluster.database["services"]
    success_of(dao.insert({"host": "h"}))
    log: Any = cluster.database.strategy
    log.data.log[-1] = _from(log.data.log[-1], "gone")
    change = cluster.client.get("/cluster/changes").json["data"][-1]
    assert (change["origin"], change["node_id"], change["hostname"]) == ("gone", None, None)
    assert change["author"] is None


def _from(change: Any, origin: str) -> Any:
    from dataclasses import replace

    return replace(change, origin=origin)


def test_page_by_page(cluster: Cluster) -> None:
    """The link leads on to the end; the last position is where one asks again later."""
    for _ in range(5):
        cluster.create("/services", {"host": "h"})
    whole = cluster.client.get("/cluster/changes").json["data"]
    body = cluster.client.get("/cluster/changes?size=2").json
    seen = list(body["data"])
    while body["next"] is not None:
        body = cluster.client.get(body["next"]).json
        seen += body["data"]
    assert seen == whole
    again = cluster.client.get(f"/cluster/changes?after={body['position']}").json
    assert (again["data"], again["next"], again["position"]) == ([], None, body["position"])


@pytest.mark.parametrize(
    "path",
    [
        "/cluster/changes?after=nonsense",
        "/cluster/changes?after=",
        "/cluster/changes?after=99-deadbeef",
        "/cluster/changes?size=0",
        "/cluster/changes?size=1001",
        "/cluster/changes?size=x",
        "/cluster/convergence?position=nonsense",
        "/cluster/convergence?timeout=x",
        "/cluster/convergence?position=",
    ],
)
def test_nonsense_is_refused(cluster: Cluster, path: str) -> None:
    """A position that is none, or none of this log, and what is no number."""
    assert cluster.client.get(path).status == 400


def test_changes_that_are_no_longer_kept(cluster: Cluster) -> None:
    """Whoever was away too long is told where the log begins, rather than be shown a trail with a gap."""
    old = str(cluster.head())
    for _ in range(3):
        cluster.create("/services", {"host": "h"})
    success_of(cluster.database.strategy.trim_log(START + 1))
    answer = cluster.client.get(f"/cluster/changes?after={old}")
    assert answer.status == 410
    assert str(cluster.head()) in answer.json["message"]
    assert len(cluster.client.get("/cluster/changes").json["data"]) == 1


def test_convergence_of_all_there_is(cluster: Cluster) -> None:
    """Without a position the end of the log is waited for."""
    cluster.create("/services", {"host": "h"})
    cluster.report(cluster.head())
    answer = cluster.client.get("/cluster/convergence")
    assert (answer.status, answer.json["position"]) == (200, str(cluster.head()))
    assert [node["hostname"] for node in answer.json["nodes"]] == ["beta.example", "test-host"]


def test_convergence_of_a_position(cluster: Cluster) -> None:
    """Waited for up to the timeout, then the laggards are named."""
    cluster.create("/services", {"host": "h"})
    cluster.report(None)
    sent = cluster.send("GET", f"/cluster/convergence?position={cluster.head()}&timeout=2")
    cluster.clock.pump([0.25] * 7)
    assert sent.answer is None
    cluster.clock.advance(0.25)
    assert sent.answer is not None
    assert sent.answer.status == 504
    assert [node["hostname"] for node in sent.answer.json["laggards"]] == ["beta.example"]
    text = f"1 of 2 nodes had not applied {cluster.head()} after 2 seconds: beta.example ({OTHER.id})"
    assert sent.answer.json["message"] == text


def test_convergence_of_a_lost_position(cluster: Cluster) -> None:
    """A position that the log has passed without it will never be applied: that is told at once."""
    cluster.create("/services", {"host": "h"})
    cluster.create("/services", {"host": "h"})
    lost = f"{str(cluster.head()).split('-')[0]}-deadbeef"
    answer = cluster.client.get(f"/cluster/convergence?position={lost}")
    assert (answer.status, answer.json) == (
        400,
        {"message": f"the log of changes does not hold the position {lost}"},
    )


def test_convergence_of_what_is_to_come(cluster: Cluster) -> None:
    """A position ahead of the log, as seen from here, is waited for; in the end nobody has it."""
    sent = cluster.send("GET", "/cluster/convergence?position=99-deadbeef&timeout=1")
    cluster.clock.pump([0.25] * 4)
    assert sent.answer is not None
    assert (sent.answer.status, len(sent.answer.json["laggards"])) == (504, 1)


def test_the_database_is_away(cluster: Cluster) -> None:
    """Who the nodes are is known to the database alone."""

    async def fail() -> Any:
        raise DatabaseUnavailable("gone")

    cluster.database.strategy.members = fail  # type: ignore[method-assign]
    assert cluster.client.get("/cluster").status == 503
    sent = cluster.send("GET", "/cluster/convergence?timeout=0")
    cluster.clock.advance(0)
    assert sent.answer is not None
    assert sent.answer.status == 503
    assert sent.answer.json["message"].endswith("gone")


def test_the_endpoints_are_listed(cluster: Cluster) -> None:
    """``/endpoints`` knows them."""
    listed = cluster.client.get("/endpoints").json["data"]
    assert {"/cluster", "/cluster/changes", "/cluster/convergence"} <= set(listed)
