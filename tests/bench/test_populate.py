"""The database of the benchmark holds what the load asks for."""

from __future__ import annotations

from itertools import count

from twisted.internet.task import Clock

from bench.populate import fill
from tests.kit.deferreds import success_of
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.db.database import Database, Ids
from twisted_kong.db.strategies.memory import MemoryStrategy


def database(flavor: str = "traditional_compatible") -> Database:
    """A database in memory that hands out numbered ids."""
    numbers = count(1)

    def new_uuid() -> str:
        return f"00000000-0000-4000-8000-{next(numbers):012d}"

    clock = Clock()
    # A timestamp of zero is none.
    clock.advance(1_000_000_000)
    strategy = MemoryStrategy(clock, lambda: "00c0ffee")
    return Database(strategy, build_schemas(router_flavor=flavor), clock, Ids(new_uuid, new_uuid, "test"))


def test_each_route_has_its_path() -> None:
    """Route n serves /route-n, of the Service that leads to the upstream; the last batch is a short one."""
    filled = database()
    success_of(filled.start())
    success_of(fill(filled, 1_003, 8080))
    service = success_of(filled["services"].select_by("name", "up"))
    route = success_of(filled["routes"].select_by("name", "route-1002"))
    success_of(filled.stop())
    assert service is not None
    assert (service["host"], service["port"]) == ("127.0.0.1", 8080)
    assert route is not None
    assert (route["paths"], route["service"]) == (["/route-1002"], {"id": service["id"]})


def test_expressions_where_the_flavour_has_them() -> None:
    """Route n serves the same, by an expression."""
    filled = database("expressions")
    success_of(filled.start())
    success_of(fill(filled, 3, 8080))
    route = success_of(filled["routes"].select_by("name", "route-2"))
    success_of(filled.stop())
    assert route is not None
    assert route["expression"] == 'http.path ^= "/route-2/" && http.method == "GET"'
    assert route["paths"] is None
