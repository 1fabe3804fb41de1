"""Which part of a Route's expression a request does not satisfy.

Every part is tested by what tests the whole: a tree is walked down as long as one part alone is the reason.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.expressions.compiling import compile_test
from twisted_kong.core.router.expressions.fields import Request, reader_of
from twisted_kong.core.router.expressions.router import trees_of
from twisted_kong.core.router.expressions.syntax import And, Node, predicates
from twisted_kong.core.router.query import RouteQuery

# A longer part of an expression is cut.
_LONGEST = 500


def unmet_part(route: Entity, query: RouteQuery) -> tuple[str, dict[str, Any]] | None:
    """The first part of ``&&`` that is not true, as written, with the values of its fields.

    None if the request satisfies the Route.  A Route without an expression is translated first, as for
    matching; of the several that it may become the first counts.
    """
    request = Request(query)
    trees = [node for _, node in trees_of(route, [])]
    if not trees or any(compile_test(node)(request) for node in trees):
        return None
    part = _first_false(trees[0], request)
    text = str(part)
    names = dict.fromkeys(predicate.field.name for predicate in predicates(part))
    return (
        text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…",
        {name: _shown(reader_of(name)(request)) for name in names},
    )


def _first_false(node: Node, request: Request) -> Node:
    while isinstance(node, And):
        node = next(part for part in node.parts if not compile_test(part)(request))
    return node


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, int) else str(value)
