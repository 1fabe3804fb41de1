"""Protocols of Plugins against those of Routes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import core_database
from twisted_kong.core.errors import ForeignKeyViolation, SchemaViolation
from twisted_kong.db.database import Database
from twisted_kong.db.kinds.plugins import OF_ROUTE, OF_SERVICE

TCP = ["tcp", "tls"]
NOBODY = {"id": "11111111-1111-4111-8111-000000000999"}


def insert(database: Database, kind: str, **record: Any) -> dict[str, Any]:
    """Insert something; a reference to it."""
    entity = success_of(database[kind].insert(record)).entity
    assert entity is not None
    return {"id": entity["id"]}


def refused(awaitable: Any, reason: str) -> None:
    """Something must be refused for the protocols."""
    error = failure_of(awaitable, SchemaViolation)
    assert isinstance(error, SchemaViolation)
    assert error.body() == {
        "code": 2,
        "name": "schema violation",
        "message": f"schema violation (protocols: {reason})",
        "fields": {"protocols": reason},
    }


def test_of_a_route() -> None:
    """A Plugin of a Route must share a protocol with it, when it is made and when it changes."""
    with core_database() as database:
        route = insert(database, "routes", protocols=["http"], paths=["/"])
        plugins = database["plugins"]
        refused(plugins.insert({"name": "any", "route": route, "protocols": TCP}), OF_ROUTE)
        made = insert(database, "plugins", name="any", route=route, protocols=["http", "tcp"])
        refused(plugins.update(made["id"], {"protocols": TCP}), OF_ROUTE)
        refused(plugins.upsert(made["id"], {"name": "any", "route": route, "protocols": TCP}), OF_ROUTE)


def test_of_a_service() -> None:
    """A Plugin of a Service must share a protocol with one of its Routes, if it has any."""
    with core_database() as database:
        service = insert(database, "services", host="a.test")
        record = {"name": "any", "service": service, "protocols": TCP}
        made = success_of(database["plugins"].insert(record)).entity
        assert made is not None
        insert(database, "routes", protocols=["https"], paths=["/"], service=service)
        refused(database["plugins"].update(made["id"], {"enabled": False}), OF_SERVICE)
        insert(database, "routes", protocols=["tcp"], sources=[{"port": 1}], service=service)
        success_of(database["plugins"].update(made["id"], {"enabled": False}))


@pytest.mark.parametrize("scope", ["global", "consumer"])
def test_of_nothing_with_protocols(scope: str) -> None:
    """Global Plugins and those of Consumers may have any protocols."""
    with core_database() as database:
        insert(database, "routes", protocols=["http"], paths=["/"])
        consumer = insert(database, "consumers", username="c") if scope == "consumer" else None
        insert(database, "plugins", name="any", consumer=consumer, protocols=TCP)


@pytest.mark.parametrize("parent", ["route", "service"])
def test_of_a_parent_that_is_not_there(parent: str) -> None:
    """A Route or Service that does not exist is refused as such, not for its protocols."""
    with core_database() as database:
        failure_of(database["plugins"].insert({"name": "any", parent: NOBODY}), ForeignKeyViolation)
