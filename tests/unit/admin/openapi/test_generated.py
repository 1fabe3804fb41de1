"""Tests of the descriptions that follow from the schemas."""

from __future__ import annotations

from tests.kit.admin_node import AdminNode
from twisted_kong.admin.api import kinds_of
from twisted_kong.admin.endpoints import generated
from twisted_kong.admin.kinds import Kind
from twisted_kong.admin.openapi.generated import described, key_words


def test_what_is_generated_is_described() -> None:
    """The same rules make endpoints and descriptions."""
    node = AdminNode("key-auth")
    kinds: dict[str, Kind] = kinds_of(node.parts)
    table = generated(kinds, node.database)  # type: ignore[arg-type] -- never called
    told = described({name: kind.schema for name, kind in kinds.items()})
    assert {path: sorted(methods) for path, methods in told.items()} == {
        path: sorted(methods) for path, methods in table.items()
    }


def test_the_key_is_told() -> None:
    """Whoever reads a summary knows by what an entity is addressed."""
    schemas = AdminNode("key-auth").schemas
    assert key_words(schemas["services"]) == "its id or `name`"
    assert key_words(schemas["ca_certificates"]) == "its id"


def test_a_parent_is_never_deleted_through_its_child() -> None:
    """The one method whose only success is a refusal."""
    operation = described(AdminNode().schemas)["/routes/{routes}/service"]["DELETE"]
    assert set(operation.replies) == {400, 405}
