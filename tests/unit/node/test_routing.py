from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import no_result, success_of
from tests.kit.logs import caught_failures
from tests.kit.rows import FakeRows
from twisted_kong.core.changes import Entity
from twisted_kong.core.router.router import RouteMatch, RouteQuery, Router
from twisted_kong.node.routing import RouterHolder


def uid(name: str) -> str:
    """The id of the row that a test calls by this name: the router orders Routes by their UUIDs."""
    return str(uuid5(NAMESPACE_URL, name))


class Fragile(Router):
    """A router that fails for one Route."""

    def put(self, route: Entity) -> list[str]:
        if route["id"] == uid("bad"):
            raise ValueError("cannot index bad")
        return super().put(route)


class Node:
    """A router holder over Services and Routes."""

    def __init__(self) -> None:
        self.clock, self.services, self.routes = Clock(), FakeRows(), FakeRows()
        self.holder = RouterHolder(Fragile(), self.services, self.routes, self.clock)

    def service(self, id: str, **values: Any) -> None:
        self.services.put({"id": uid(id), "enabled": True, **values})

    def route(self, id: str, service: str | None = None, **values: Any) -> None:
        reference = None if service is None else {"id": uid(service)}
        self.routes.put(
            {"id": uid(id), "paths": [f"/{id}"], "service": reference, "protocols": ["http"], **values}
        )

    def changed(self, kind: str, *ids: str) -> None:
        success_of(self.holder.apply([change(1, kind, uid(id)) for id in ids]))

    def match(self, path: str) -> RouteMatch | None:
        return self.holder.match(RouteQuery("GET", "http", "x", 80, path, None, lambda name: []))

    def finds(self, *names: str) -> bool:
        """Whether each of these Routes is found at the path of its name."""
        return all(self.id_at(f"/{name}") == uid(name) for name in names)

    def id_at(self, path: str) -> str | None:
        match = self.match(path)
        return None if match is None else match.route["id"]


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder that has loaded a Service s with a Route r."""
    node = Node()
    node.service("s")
    node.route("r", "s")
    node.holder.startService()
    success_of(node.holder.doubt())
    yield node
    node.holder.stopService()
    assert node.clock.getDelayedCalls() == []


def test_a_loaded_route_is_matched_and_its_service_known(node: Node) -> None:
    """What the data path needs of a request's Route is in memory."""
    assert node.finds("r")
    assert node.holder.services[uid("s")]["enabled"]
    assert node.holder.ready


def test_the_service_of_a_route_is_told(node: Node) -> None:
    """One call for the data path; a Route without a Service has none."""
    node.route("free")
    node.changed("routes", "free")
    routes = node.holder.routes
    assert node.holder.service_of(routes[uid("r")]) is node.holder.services[uid("s")]
    assert node.holder.service_of(routes[uid("free")]) is None


def test_a_new_route_is_matched(node: Node) -> None:
    """Without touching the others."""
    node.route("q", "s")
    node.changed("routes", "q")
    assert node.finds("q")
    assert node.finds("r")


def test_a_deleted_route_is_not_matched(node: Node) -> None:
    """DELETE /routes/r: the next request is not routed."""
    del node.routes.rows[uid("r")]
    node.changed("routes", "r")
    assert node.id_at("/r") is None


def test_a_route_without_service_is_matched(node: Node) -> None:
    """Plugins may answer for it."""
    node.route("free")
    node.changed("routes", "free")
    assert node.finds("free")


def test_a_disabled_service_takes_its_routes_out_and_back(node: Node) -> None:
    """Kong: routes of a disabled Service are left out of the router."""
    node.service("s", enabled=False)
    node.changed("services", "s")
    assert node.id_at("/r") is None
    node.route("late", "s")
    node.changed("routes", "late")
    assert node.id_at("/late") is None
    node.service("s", enabled=True)
    node.changed("services", "s")
    assert node.finds("r", "late")


def test_a_deleted_service_goes_after_its_routes(node: Node) -> None:
    """Whoever matched a Route finds its Service, also while many Routes are being taken out."""
    names = [f"r{number}" for number in range(500)]
    for name in names:
        node.route(name, "s")
    loaded = node.holder.doubt()
    node.clock.pump([0] * 10)
    success_of(loaded)
    node.services.rows.clear()
    gone = node.holder.apply([change(1, "services", uid("s"))])
    no_result(gone)
    assert uid("s") in node.holder.services
    assert any(node.id_at(f"/{name}") for name in names)
    node.clock.pump([0] * 5)
    success_of(gone)
    assert node.holder.services == {}
    assert not any(node.id_at(f"/{name}") for name in names)


def test_an_updated_service_is_known_at_once_and_forgotten_where_remembered(node: Node) -> None:
    """What was derived from a match of one of its Routes is derived again."""
    match = node.match("/r")
    assert match is not None
    match.memo = "derived"
    node.service("s", host="new")
    node.changed("services", "s")
    assert node.holder.services[uid("s")]["host"] == "new"
    match = node.match("/r")
    assert match is not None
    assert match.memo is None


def test_a_route_may_move_to_another_service(node: Node) -> None:
    """From then on the other one decides whether it is matched."""
    node.service("t")
    node.changed("services", "t")
    node.route("r", "t")
    node.changed("routes", "r")
    node.service("s", enabled=False)
    node.changed("services", "s")
    assert node.finds("r")
    node.service("t", enabled=False)
    node.changed("services", "t")
    assert node.id_at("/r") is None


def test_a_route_of_a_service_too_new_to_be_known_is_matched_at_once(node: Node) -> None:
    """Its Service is read with it."""
    node.service("new")
    node.route("r", "new")
    node.changed("routes", "r")
    assert node.finds("r")
    assert uid("new") in node.holder.services


def test_a_route_whose_service_does_not_exist_is_not_matched(node: Node) -> None:
    """It waits for the Service."""
    node.route("r", "nowhere")
    node.changed("routes", "r")
    assert node.id_at("/r") is None
    node.service("nowhere")
    node.changed("services", "nowhere")
    assert node.finds("r")


def test_a_route_that_cannot_be_indexed_harms_no_other(node: Node) -> None:
    """It is logged and left out, alone."""
    node.route("bad", "s")
    node.route("good", "s")
    with caught_failures() as lines:
        node.changed("routes", "bad", "good")
    assert lines == ["cannot index bad"]
    assert node.id_at("/bad") is None
    assert node.finds("good")


def test_a_pattern_that_cannot_be_run_is_left_out(node: Node) -> None:
    """The router says what it left out, and the other paths of the Route are matched."""
    node.route("r", "s", paths=[r"~/a(?=b)", "/plain"])
    node.changed("routes", "r")
    assert node.id_at("/plain") == uid("r")


def test_a_route_held_without_being_matched_is_still_known(node: Node) -> None:
    """The rows are all there, whatever the router holds."""
    node.service("s", enabled=False)
    node.changed("services", "s")
    assert set(node.holder.routes) == {uid("r")}
