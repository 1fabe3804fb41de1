"""What the node tells about itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import fail
from twisted.internet.task import Clock

from tests.kit.admin_client import AdminClient
from tests.kit.admin_node import NODE_ID, AdminNode, node_info
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.app import AdminApp
from twisted_kong.admin.routes.information import DICTIONARIES, root_table, status_table
from twisted_kong.admin.site import BoundedSite
from twisted_kong.core.errors import DatabaseUnavailable


def test_the_root_tells_what_this_is() -> None:
    """Kong's version for Kong's clients, our own beside it, the plugins, the configuration."""
    node = AdminNode("key-auth", "rate-limiting")
    node.create("/plugins", {"name": "key-auth"})
    node.create("/services", {"name": "s", "host": "h"})
    node.create("/services/s/plugins", {"name": "key-auth"})
    answer = node.client.get("/").json
    assert (answer["tagline"], answer["version"], answer["edition"]) == (
        "Welcome to kong",
        "3.9.1",
        "community",
    )
    assert answer["implementation"] == {"name": "twisted_kong", "version": "0.1.0"}
    assert (answer["node_id"], answer["hostname"]) == (NODE_ID, "test-host")
    assert answer["plugins"]["available_on_server"]["key-auth"] == {"version": "3.9.1", "priority": 1250}
    assert answer["plugins"]["enabled_in_cluster"] == ["key-auth"]
    assert answer["configuration"]["pg_password"] == "******"
    assert answer["pids"] == {"master": 1, "workers": [1]}
    assert answer["timers"] == {"running": 0, "pending": 0}
    assert answer["lua_version"] == "CPython 3.x"


def test_the_node_may_know_which_plugins_are_in_use() -> None:
    """Where the node knows the names in use no row is read for them."""
    node = AdminNode("key-auth")
    known = replace(node.node, plugins_in_use=lambda: ["b", "a", "b"])
    rows: Any = None
    app = AdminApp(root_table(known, rows), AccessRules(), node.clock)
    answer = AdminClient(BoundedSite(app.resource(), node.clock)).get("/").json
    assert answer["plugins"]["enabled_in_cluster"] == ["a", "b"]


def test_status_tells_memory_connections_and_database() -> None:
    """Sizes come in MiB with two digits unless told otherwise."""
    answer = AdminNode().client.get("/status").json
    assert answer["memory"]["workers_lua_vms"] == [{"pid": 1, "http_allocated_gc": "25.00 MiB"}]
    stores = answer["memory"]["lua_shared_dicts"]
    assert stores["kong_core_db_cache"] == {"capacity": "128.00 MiB", "allocated_slabs": "0.50 MiB"}
    # what Kong has and this node has not
    assert stores["kong_locks"] == {"capacity": "0.00 MiB", "allocated_slabs": "0.00 MiB"}
    assert set(stores) == set(DICTIONARIES)
    assert answer["server"]["total_requests"] == 0
    assert answer["database"] == {"reachable": True}


@pytest.mark.parametrize(
    ("query", "size"), [("unit=k", "25600.00 KiB"), ("unit=g&scale=4", "0.0244 GiB"), ("unit=b", 26214400)]
)
def test_status_in_other_units(query: str, size: object) -> None:
    """The query string chooses unit and digits."""
    answer = AdminNode().client.get(f"/status?{query}").json
    assert answer["memory"]["workers_lua_vms"][0]["http_allocated_gc"] == size


def test_unknown_units_are_refused() -> None:
    """A unit that is none is 400."""
    answer = AdminNode().client.get("/status?unit=x")
    assert answer.status == 400
    assert "invalid unit 'x'" in answer.json["message"]


def test_status_survives_the_database() -> None:
    """With the database away the status is still 200 and says so."""

    class Away:
        def ping(self) -> Any:
            return fail(DatabaseUnavailable("away"))

    log: Any = Away()
    clock = Clock()
    app = AdminApp(status_table(node_info({}), log), AccessRules(), clock)
    answer = AdminClient(BoundedSite(app.resource(), clock)).get("/status")
    assert (answer.status, answer.json["database"]) == (200, {"reachable": False})


def test_timers_have_kongs_shape() -> None:
    """Counters only: delayed calls have no names here."""
    answer = AdminNode().client.get("/timers").json
    assert answer["worker"] == {"id": 0, "count": 1}
    assert answer["stats"]["sys"] == {"total": 0, "runs": 0, "pending": 0, "waiting": 0, "running": 0}


def test_endpoints_lists_every_path() -> None:
    """All paths in order, placeholders in braces, itself included."""
    paths = AdminNode().client.get("/endpoints").json["data"]
    assert paths == sorted(paths)
    assert paths[0] == "/"
    assert {"/endpoints", "/services/{services}/routes", "/cache/{key}"} <= set(paths)


def test_robots_are_kept_out() -> None:
    """Robots are asked to stay away."""
    answer = AdminNode().client.get("/robots.txt")
    assert answer.header("Content-Type") == "text/plain; charset=UTF-8"
    assert b"Disallow: /" in answer.body
