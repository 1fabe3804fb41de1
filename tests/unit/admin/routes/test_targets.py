"""Targets below their Upstream."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode

PATH = "/upstreams/up/targets"


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode()
    for name in ("up", "other"):
        node.create("/upstreams", {"name": name})
    for target in ("127.0.0.1:80", "h.test:81", "[::1]:82"):
        node.clock.advance(1)
        node.create(PATH, {"target": target})
    node.create("/upstreams/other/targets", {"target": "127.0.0.1:80"})
    return node


def test_the_newest_comes_first(node: AdminNode) -> None:
    """The list is by age, the raw list by id."""
    rows = node.client.get(PATH).json["data"]
    assert [row["target"].rsplit(":", 1)[1] for row in rows] == ["82", "81", "80"]
    raw = [row["id"] for row in node.client.get(f"{PATH}/all").json["data"]]
    assert raw == sorted(raw)


def test_only_the_raw_list_can_be_turned_round(node: AdminNode) -> None:
    """The list by age keeps its order, and its links say nothing of another."""
    for query in ("sort_desc=1", "sort_desc=x"):
        assert node.client.get(f"{PATH}?{query}").json == node.client.get(PATH).json
    assert node.client.get(f"{PATH}?size=2&sort_desc=1").json["next"] == f"{PATH}?offset=2"
    raw = node.client.get(f"{PATH}/all").json["data"]
    assert node.client.get(f"{PATH}/all?sort_desc=1").json["data"] == raw[::-1]


def test_pages_have_plain_numbers(node: AdminNode) -> None:
    """The offset is a number; anything else is refused."""
    first = node.client.get(f"{PATH}?size=2").json
    assert (len(first["data"]), first["offset"], first["next"]) == (2, "2", f"{PATH}?offset=2")
    assert len(node.client.get(first["next"]).json["data"]) == 1
    assert node.client.get(f"{PATH}?offset=x").json["code"] == 7
    assert node.client.get(f"{PATH}?size=0").json["code"] == 9


def test_a_target_is_reached_by_id_and_by_address(node: AdminNode) -> None:
    """By both, but only below its own Upstream."""
    target = node.client.get(f"{PATH}/127.0.0.1:80").json
    assert node.client.get(f"{PATH}/{target['id']}").json == target
    assert node.client.get(f"/upstreams/other/targets/{target['id']}").status == 404
    assert node.client.get("/upstreams/other/targets/127.0.0.1:80").json["id"] != target["id"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_put_is_patch(node: AdminNode, method: str) -> None:
    """Both merge into a Target that exists."""
    changed = node.client.request(method, f"{PATH}/h.test:81", json={"weight": 7}).json
    assert (changed["target"], changed["weight"]) == ("h.test:81", 7)
    assert node.client.request(method, f"{PATH}/new.test:80", json={"weight": 7}).status == 404


def test_a_form_is_read_by_the_schema(node: AdminNode) -> None:
    """A weight in a form is a number."""
    assert node.client.request("PATCH", f"{PATH}/h.test:81", form=[("weight", "5")]).json["weight"] == 5


def test_a_target_whose_age_was_reset_is_the_oldest(node: AdminNode) -> None:
    """A patch may set ``created_at`` to null; the list and the health survive it."""
    node.client.patch(
        f"{PATH}/[0000:0000:0000:0000:0000:0000:0000:0001]:82", {"created_at": None, "weight": None}
    )
    assert [row["target"] for row in node.client.get(PATH).json["data"]][2].endswith(":82")
    for query in ("", "?balancer_health=1"):
        assert node.client.get(f"/upstreams/up/health{query}").status == 200


def test_delete_wants_a_target(node: AdminNode) -> None:
    """204 once, 404 then: unlike other kinds."""
    assert node.client.delete(f"{PATH}/h.test:81").status == 204
    assert node.client.delete(f"{PATH}/h.test:81").status == 404


@pytest.mark.parametrize("suffix", ["", "/all", "/x:80", "/x:80/healthy"])
def test_no_targets_without_an_upstream(node: AdminNode, suffix: str) -> None:
    """Everything below an unknown Upstream is 404."""
    method = "PUT" if suffix.endswith("healthy") else "GET"
    assert node.client.request(method, f"/upstreams/nope/targets{suffix}").status == 404


def test_health_shows_each_target(node: AdminNode) -> None:
    """The list with the health that this node sees, page by page."""
    answer = node.client.get("/upstreams/up/health").json
    assert answer["node_id"] == node.node.node_id
    assert [row["health"] for row in answer["data"]] == ["HEALTHCHECKS_OFF", "DNS_ERROR", "HEALTHCHECKS_OFF"]
    node.names["h.test"] = ("10.0.0.1", "10.0.0.2")
    [shown] = [
        row
        for row in node.client.get("/upstreams/up/health").json["data"]
        if row["weight"] == 100 and row["target"] == "h.test:81"
    ]
    assert shown["health"] == "HEALTHCHECKS_OFF"
    assert [address["ip"] for address in shown["data"]["addresses"]] == ["10.0.0.1", "10.0.0.2"]
    page = node.client.get("/upstreams/up/health?size=1").json
    assert (len(page["data"]), page["next"]) == (1, "/upstreams/up/health?offset=1")


def test_health_of_the_whole(node: AdminNode) -> None:
    """The Upstream's own health, hosts in the order in which they were made."""
    data = node.client.get("/upstreams/up/health?balancer_health=1").json["data"]
    assert (data["health"], data["balancer_health"]) == ("HEALTHCHECKS_OFF", "HEALTHY")
    assert [host["port"] for host in data["details"]["hosts"]] == [80, 81, 82]


def test_health_tells_what_the_node_knows(node: AdminNode) -> None:
    """Where checks are on."""
    passive = {"unhealthy": {"tcp_failures": 1}}
    node.client.patch("/upstreams/up", {"healthchecks": {"passive": passive}})
    node.unhealthy.add(("127.0.0.1", 80))
    rows = node.client.get("/upstreams/up/health").json["data"]
    assert [row["health"] for row in rows] == ["HEALTHY", "DNS_ERROR", "UNHEALTHY"]
    data = node.client.get("/upstreams/up/health?balancer_health=1").json["data"]
    assert (data["health"], data["details"]["weight"]["unavailable"]) == ("HEALTHY", 100)
