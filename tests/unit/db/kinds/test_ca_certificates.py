"""CA certificates that are used."""

from __future__ import annotations

from typing import Any

from tests.kit.certificates import make_certificate
from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import core_database
from twisted_kong.core.errors import ReferencedByOthers
from twisted_kong.db.database import Database


def make_ca(database: Database, name: str) -> str:
    """Insert a CA certificate; its id."""
    cert, _ = make_certificate(name, ca=True)
    entity = success_of(database["ca_certificates"].insert({"cert": cert})).entity
    assert entity is not None
    return str(entity["id"])


def refused(database: Database, ca: str, kind: str, user: dict[str, Any]) -> None:
    """The CA certificate must stay because of its user."""
    error = failure_of(database["ca_certificates"].delete(ca), ReferencedByOthers)
    assert isinstance(error, ReferencedByOthers)
    assert error.body() == {
        "code": 19,
        "name": "referenced by others",
        "message": f"ca certificate {ca} is still referenced by {kind} (id = {user['id']})",
    }


def test_used_by_a_service() -> None:
    """One that a Service lists stays until it does no longer; another may go."""
    with core_database() as database:
        used, free = make_ca(database, "used.test"), make_ca(database, "free.test")
        record = {"host": "a.test", "protocol": "https", "ca_certificates": [used]}
        service = success_of(database["services"].insert(record)).entity
        assert service is not None
        success_of(database["ca_certificates"].delete(free))
        refused(database, used, "services", service)
        success_of(database["services"].update(service["id"], {"ca_certificates": None}))
        assert len(success_of(database["ca_certificates"].delete(used)).changes) == 1


def test_used_by_a_plugin() -> None:
    """One that a Plugin's configuration lists stays."""
    with core_database() as database:
        used = make_ca(database, "used.test")
        record = {"name": "any", "config": {"ca_certificates": [used]}}
        plugin = success_of(database["plugins"].insert(record)).entity
        assert plugin is not None
        refused(database, used, "plugins", plugin)
