"""The Admin API as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.admin_client import AdminClient
from tests.kit.admin_node import AdminNode
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import admin_site, admin_table, kinds_of
from twisted_kong.admin.app import AdminHeaders
from twisted_kong.admin.kinds import NamedKind
from twisted_kong.admin.routes.certificates import CertificateKind
from twisted_kong.admin.routes.plugins import PluginKind


def test_hidden_paths_are_not_there() -> None:
    """Targets and the Certificate of an SNI have no paths of their own."""
    node = AdminNode()
    table = admin_table(node.parts)
    for path in ("/targets", "/targets/{targets}", "/targets/{targets}/upstream", "/snis/{snis}/certificate"):
        assert path not in table
    assert node.client.get("/targets").status == 404
    assert node.client.request("OPTIONS", "/targets").status == 404


def test_kinds_have_the_class_that_fits_them() -> None:
    """Kinds with a subschema by name, Plugins and Certificates have rules of their own; tags have no rows."""
    kinds = kinds_of(AdminNode().parts)
    assert type(kinds["plugins"]) is PluginKind
    assert type(kinds["vaults"]) is NamedKind
    assert type(kinds["routes"]).__name__ == "Kind"
    assert type(kinds["certificates"]) is CertificateKind
    assert "tags" not in kinds


def test_entities_of_plugins_have_endpoints() -> None:
    """A plugin's entities are served as soon as it is loaded."""
    assert AdminNode().client.get("/key-auths").status == 404
    assert AdminNode("key-auth").client.get("/key-auths").status == 200


def test_a_site_is_given_its_limits_and_log() -> None:
    """The body limit, the headers and the access log are the caller's."""
    node, lines = AdminNode(), []
    site = admin_site(
        node.parts,
        node.clock,
        AccessRules(),
        headers=AdminHeaders(server=False),
        body_limit=20,
        access_log=lines.append,
    )
    answer = AdminClient(site).post("/services", {"host": "much-too-long.example"})
    assert (answer.status, answer.header("Server"), len(lines)) == (413, None, 1)


def test_the_status_api_is_a_site_too() -> None:
    """The Status API has Kong's headers as well and nothing of the Admin API."""
    client = AdminNode().status_client()
    assert client.get("/status").header("Server") == "kong/3.9.1"
    assert client.get("/services").status == 404


COLLECTIONS = {
    "services": "/services",
    "routes": "/routes",
    "consumers": "/consumers",
    "plugins": "/plugins",
    "upstreams": "/upstreams",
    "targets": "/upstreams/u/targets",
    "keyauth_credentials": "/consumers/c/key-auth",
    "certificates": "/certificates",
    "keys": "/keys",
    "vaults": "/vaults",
}
WORDS = st.sampled_from(
    ["x", "http", "/a", "key-auth", "rate-limiting", "@entity", "id", "10.0.0.1", "a.test", ""]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(data=st.data())
def test_no_record_is_an_unforeseen_error(data: st.DataObject) -> None:
    """Whatever JSON object is written or validated, the answer is a success or names what is wrong."""
    node = AdminNode("key-auth", "rate-limiting")
    node.create("/upstreams", {"name": "u"})
    node.create("/consumers", {"username": "c"})
    for kind, path in COLLECTIONS.items():
        fields = st.sampled_from([*node.schemas[kind].fields, "ttl", "unknown"])
        record = data.draw(st.dictionaries(fields, VALUES, max_size=4))
        for target in (path, f"/schemas/{kind}/validate"):
            answer = node.client.post(target, record)
            assert answer.status in (200, 201, 400, 409), (target, record)
            assert answer.json
        assert node.client.get(path).status == 200


TWO = [{"method": "PUT", "path": f"/services/{name}", "body": {"host": "h"}} for name in "ab"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/services", {"host": "h"}),
        ("PUT", "/services/s", {"host": "h"}),
        ("PATCH", "/services/s", {"port": 1}),
        ("DELETE", "/services/s", None),
        ("PUT", "/routes/r/service", {"host": "h"}),
        ("POST", "/services?dry_run=1", {"host": "h"}),
        ("POST", "/batch", {"operations": TWO}),
    ],
)
def test_a_write_has_reads_caught_up_once(method: str, path: str, body: Any) -> None:
    """Before its first look, which is a question to the primary where a replica is read, and never again."""
    node, asked = AdminNode(), []
    node.create("/services", {"name": "s", "host": "h"})
    node.create("/routes", {"name": "r", "paths": ["/"]})

    async def catch_up() -> None:
        asked.append(1)

    node.database.strategy.catch_up = catch_up  # type: ignore[method-assign]
    client = AdminClient(admin_site(node.parts, node.clock, AccessRules()))
    assert client.request(method, path, json=body).status < 300
    assert asked == [1]
