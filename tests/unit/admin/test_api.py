"""The Admin API as a whole."""

from __future__ import annotations

from tests.kit.admin_client import AdminClient
from tests.kit.admin_node import AdminNode
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import admin_site, admin_table, kinds_of, status_site
from twisted_kong.admin.app import AdminHeaders
from twisted_kong.admin.kinds import NamedKind
from twisted_kong.admin.routes.certificates import CertificateKind
from twisted_kong.admin.status_app import Readiness


def test_hidden_paths_are_not_there() -> None:
    """Targets and the Certificate of an SNI have no paths of their own."""
    node = AdminNode()
    table = admin_table(node.parts)
    for path in ("/targets", "/targets/{targets}", "/targets/{targets}/upstream", "/snis/{snis}/certificate"):
        assert path not in table
    assert node.client.get("/targets").status == 404
    assert node.client.request("OPTIONS", "/targets").status == 404


def test_kinds_have_the_class_that_fits_them() -> None:
    """Kinds with a subschema by name, and Certificates, have rules of their own; tags have no rows."""
    kinds = kinds_of(AdminNode().parts)
    assert type(kinds["plugins"]) is NamedKind
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

    async def ready() -> str | None:
        return None

    node = AdminNode()
    client = AdminClient(
        status_site(node.node, node.database.log, Readiness(ready), node.clock, AccessRules())
    )
    assert client.get("/status").header("Server") == "kong/3.9.1"
    assert client.get("/services").status == 404
