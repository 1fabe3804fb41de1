from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.bundled import NAMES
from twisted_kong.admin.api import admin_table
from twisted_kong.admin.permissions import ALL_READ, EVERYTHING, NOTHING, Need, Permissions

NODE = AdminNode(*NAMES)
TABLE = admin_table(NODE.parts)
PERMISSIONS = Permissions(NODE.schemas)

# What may be read with any token: nothing of it shows an entity.
OPEN = {
    "/",
    "/clustering/data-planes",
    "/clustering/status",
    "/cluster",
    "/cluster/changes",
    "/cluster/convergence",
    "/debug/node/log-level",
    "/endpoints",
    "/openapi",
    "/openapi.json",
    "/plugins/enabled",
    "/plugins/schema/{name}",
    "/robots.txt",
    "/schemas/plugins/{name}",
    "/schemas/vaults/{name}",
    "/schemas/{name}",
    "/status",
    "/status/dns",
    "/timers",
}
OPEN_WRITES = {
    "/batch",
    "/schemas/plugins/validate",
    "/schemas/vaults/validate",
    "/schemas/{db_entity_name}/validate",
}


def test_it_was_thought_of_every_endpoint() -> None:
    """A path or method that is new needs a line in the list; until it has one it needs everything."""
    forgotten = [
        f"{method} {path}"
        for path, handlers in TABLE.items()
        for method in handlers
        if not PERMISSIONS.knows(method, path)
    ]
    assert forgotten == []


def test_what_nobody_thought_of_needs_everything() -> None:
    """Default deny, reads included."""
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        assert PERMISSIONS.needs(method, "/brand-new") == EVERYTHING
        assert not PERMISSIONS.knows(method, "/brand-new")


def test_nothing_of_an_entity_is_open() -> None:
    """The endpoints that need no role are exactly those."""
    endpoints = [(method, path) for path, handlers in TABLE.items() for method in handlers]
    open_ = {(method, path) for method, path in endpoints if PERMISSIONS.needs(method, path) == NOTHING}
    assert {path for method, path in open_ if method == "GET"} <= OPEN
    assert {path for method, path in open_ if method != "GET"} <= OPEN_WRITES


def test_every_kind_is_needed_by_its_own_paths() -> None:
    """Reading and writing a collection or an entity of it need the kind, for every kind there is."""
    for path, handlers in TABLE.items():
        kind = NODE.schemas.get(path.strip("/").split("/")[0].replace("-", "_"))
        if kind is not None and path.count("/") == 1:
            assert PERMISSIONS.needs("GET", path) == (Need(kind.name, "read"),)
            written = EVERYTHING if kind.name == "admin_tokens" else (Need(kind.name, "write"),)
            if "POST" in handlers:
                assert PERMISSIONS.needs("POST", path) == written


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "/consumers/{consumers}/key-auth", (Need("keyauth_credentials", "read"),)),
        ("POST", "/consumers/{consumers}/key-auth", (Need("keyauth_credentials", "write"),)),
        (
            "DELETE",
            "/consumers/{consumers}/key-auth/{keyauth_credentials}",
            (Need("keyauth_credentials", "write"),),
        ),
        # tells whose it is
        (
            "GET",
            "/key-auths/{keyauth_credentials}/consumer",
            (Need("consumers", "read"), Need("keyauth_credentials", "read")),
        ),
        ("HEAD", "/key-auths/{keyauth_credentials}", (Need("keyauth_credentials", "read"),)),
        # may make a Service and have the Route refer to it
        ("PUT", "/routes/{routes}/service", (Need("services", "write"), Need("routes", "write"))),
        ("POST", "/upstreams/{upstreams}/targets", (Need("targets", "write"),)),
        ("GET", "/upstreams/{upstreams}/health", (Need("targets", "read"),)),
        ("GET", "/tags/{tags}", (Need("tags", "read"),)),
        ("GET", "/cache/{key}", ALL_READ),
        ("DELETE", "/cache", EVERYTHING),
        ("PUT", "/debug/node/log-level/{log_level}", EVERYTHING),
        ("POST", "/debug/explain", ALL_READ),
        ("GET", "/config", ALL_READ),
        ("POST", "/config", EVERYTHING),
        ("GET", "/admin-tokens", (Need("admin_tokens", "read"),)),
        ("POST", "/admin-tokens", EVERYTHING),
        ("PATCH", "/admin-tokens/{admin_tokens}", EVERYTHING),
        ("DELETE", "/admin-tokens/{admin_tokens}", EVERYTHING),
        ("POST", "/admin-tokens/{admin_tokens}/rotate", EVERYTHING),
    ],
)
def test_what_paths_need(method: str, path: str, needs: tuple[Need, ...]) -> None:
    """The kind that is shown or written; for a parent reached from its child, both."""
    assert path in TABLE
    assert PERMISSIONS.needs(method, path) == needs
