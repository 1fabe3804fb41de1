"""The operations of a batch as its body lists them, judged before any of them is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twisted_kong.admin.bodies import Body, Pairs, parse_pairs
from twisted_kong.admin.calls import METHODS_WITH_BODY
from twisted_kong.admin.etags import Conditions, conditions_in
from twisted_kong.admin.failures import Refused

MOST = 1000
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MEMBERS = frozenset({"method", "path", "body", "if_match", "if_none_match"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; ``path`` is escaped as in a request, and without the query string."""

    method: str
    path: str
    query: Pairs = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    conditions: Conditions | None = None


def operations_in(body: Body) -> list[Operation]:
    """The operations of a batch.

    :raises Refused: 400 for what are none.
    """
    listed = body.record.get("operations")
    if body.pairs is not None or not isinstance(listed, list) or not 1 <= len(listed) <= MOST:
        raise Refused(400, f"operations must be a list of 1 to {MOST} operations, in JSON")
    unknown = sorted(body.record.keys() - {"operations"})
    if unknown:
        raise Refused(400, f"{unknown[0]}: unknown field")
    return [_operation(index, each) for index, each in enumerate(listed)]


def _operation(index: int, given: Any) -> Operation:
    if not isinstance(given, dict):
        raise _wrong(index, "must be an object with method and path")
    unknown = sorted(given.keys() - MEMBERS)
    if unknown:
        raise _wrong(index, f"{unknown[0]}: unknown field")
    method, path = given.get("method"), given.get("path")
    if method not in METHODS:
        raise _wrong(index, f"method must be one of {', '.join(METHODS)}")
    if not isinstance(path, str) or not path.startswith("/"):
        raise _wrong(index, "path must be a text that begins with a slash")
    bare, _, query = path.partition("?")
    if query and method != "GET":
        raise _wrong(index, "path: only a GET has a query string")
    return Operation(method, bare, parse_pairs(query), _body(index, method, given), _conditions(index, given))


def _body(index: int, method: str, given: dict[str, Any]) -> dict[str, Any]:
    body = given.get("body")
    if body is None:
        return {}
    if method not in METHODS_WITH_BODY:
        raise _wrong(index, f"a {method} has no body")
    if not isinstance(body, dict):
        raise _wrong(index, "body must be an object")
    return body


def _conditions(index: int, given: dict[str, Any]) -> Conditions | None:
    lines: list[list[str]] = []
    for name in ("if_match", "if_none_match"):
        value = given.get(name)
        if not isinstance(value, str | None):
            raise _wrong(index, f"{name} must be a text")
        lines.append([] if value is None else [value])
    try:
        return conditions_in(*lines)
    except Refused as error:
        raise _wrong(index, error.text) from error


def _wrong(index: int, reason: str) -> Refused:
    return Refused(400, f"operations[{index}]: {reason}")
