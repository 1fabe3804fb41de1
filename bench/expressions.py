"""``python -m bench.expressions``: what 10,000 Routes that are written as expressions cost the router.

The router alone is measured, in this process.
Told are the CPU times of putting a Route, of changing one among all, of the first answer with a Route, of
another one that is not remembered, and of one that is.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from bench.report import Table, as_text
from twisted_kong.core.changes import Entity
from twisted_kong.core.router import RouteQuery
from twisted_kong.core.router.expressions.router import ExpressionRouter

ROUTES = 10_000
ASKED = 1_000
CHANGED = 200
# So that those asked for are not those that were put together.
_STRIDE = 7_919


@dataclass(frozen=True, slots=True)
class Shape:
    """Routes of one kind: the expression of the nth, and a request that it takes."""

    name: str
    expression: Callable[[int], str]
    request: Callable[[int], RouteQuery]


def _asked(path: str = "/", host: str = "a.test", tenant: str = "", query: str | None = None) -> RouteQuery:
    values = {b"x-tenant": [tenant.encode()]} if tenant else {}
    return RouteQuery(
        "GET",
        "https",
        host,
        443,
        path,
        None,
        lambda name: values.get(name, []),
        None if query is None else query.encode(),
        ("10.1.2.3", 40_000),
        "10.0.0.1",
    )


SHAPES = (
    Shape(
        "beginnings of paths, methods",
        lambda n: f'http.path ^= "/route-{n}/" && (http.method == "GET" || http.method == "HEAD")',
        lambda n: _asked(f"/route-{n}/items"),
    ),
    Shape(
        "hosts, two paths",
        lambda n: f'http.host == "h{n}.test" && (http.path ^= "/a" || http.path ^= "/b")',
        lambda n: _asked("/b/x", f"h{n}.test"),
    ),
    Shape(
        "ends of hosts, networks",
        lambda n: f'http.host =^ ".t{n}.test" && net.src.ip in 10.0.0.0/8',
        lambda n: _asked("/", f"a.b.t{n}.test"),
    ),
    Shape(
        "regexes that begin differently",
        lambda n: rf'http.path ~ r#"^/route-{n}/\d+$"#',
        lambda n: _asked(f"/route-{n}/77"),
    ),
    Shape(
        "regexes that begin alike",
        lambda n: f'http.path ~ r#"^/[a-z]+/{n}$"#',
        lambda n: _asked(f"/users/{n}"),
    ),
    Shape(
        "values of a header",
        lambda n: f'any(lower(http.headers.x_tenant)) == "t{n}" && http.path ^= "/"',
        lambda n: _asked("/x", tenant=f"T{n}"),
    ),
    Shape(
        "values of an argument",
        lambda n: f'any(http.queries.t) == "t{n}"',
        lambda n: _asked("/x", query=f"t=t{n}"),
    ),
    Shape(
        "nothing that is indexed",
        lambda n: f'http.path contains "/t{n}/"',
        lambda n: _asked(f"/x/t{n}/y"),
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each shape and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.expressions", description=__doc__)
    parser.add_argument("--routes", type=int, default=ROUTES, help=f"how many Routes (default {ROUTES})")
    chosen = parser.parse_args(arguments)
    rows = tuple(measured(shape, chosen.routes) for shape in SHAPES)
    columns = ("Routes told apart by", "put µs", "changed µs", "first answer µs", "new µs", "known µs")
    title = f"{chosen.routes:,} Routes, CPU time of one step"
    print(as_text(Table("expressions", title, columns, rows)))


def measured(shape: Shape, count: int) -> tuple[str, ...]:
    """One line of the table."""
    router = ExpressionRouter()
    put = _cost(lambda n: _put(router, shape, n), range(count))
    asked = [number * _STRIDE % count for number in range(min(count, ASKED))]
    requests = {number: shape.request(number) for number in asked}

    def ask(number: int) -> None:
        found = router.match(requests[number])
        assert found is not None
        assert found.route["name"] == str(number)

    first = _cost(ask, asked)
    router.forget()
    new = _cost(ask, asked)
    known = _cost(ask, asked)
    changed = _cost(lambda n: _put(router, shape, n), range(min(count, CHANGED)))
    return (shape.name, *(f"{cost:.1f}" for cost in (put, changed, first, new, known)))


def _put(router: ExpressionRouter, shape: Shape, number: int) -> None:
    route: Entity = {
        "id": str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128))),
        "name": str(number),
        "protocols": ["http", "https"],
        "expression": shape.expression(number),
        "priority": 0,
    }
    assert router.put(route) == []


def _cost(step: Callable[[int], None], numbers: Sequence[int]) -> float:
    """Microseconds of one step."""
    gc.collect()
    began = time.process_time()
    for number in numbers:
        step(number)
    return (time.process_time() - began) / len(numbers) * 1e6


if __name__ == "__main__":
    main()
