"""What a request must have to satisfy an expression, as far as the index can find Routes by it.

Theory.
For every tree there are sets of values of which the request must have one: of its host, its method, the
beginning of its path, its SNI, and of any other field that is a text or an address.
A comparison with ``==`` (of the path also ``^=`` and an anchored regex, of the host also ends at a dot) needs
one value.
``&&`` needs what any part needs, the tighter set where several parts need something of the same; ``||``
needs only what all its parts need, and one value of all their sets; of a negation nothing is known.
Whatever satisfies the expression has what it needs; the reverse need not hold, for the index only says whom
to ask, and the expression itself decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twisted_kong.core.router.expressions.fields import Kind, as_key, kind_of
from twisted_kong.core.router.expressions.syntax import And, Node, Not, Operator, Predicate
from twisted_kong.core.router.regexes import literal_prefix

PathNeed = tuple[str, str | None]
"""What the path begins with; and the regex, without its ``^``, that must match."""

Needs = Mapping[str, frozenset[Any]]
"""The values needed, by what has them: ``host``, ``path``, ``method``, ``sni``, or any other field's name."""

# More alternatives than these cost the index more than they save.
_MOST = 64

_NOTHING: Needs = {}


def needs_of(node: Node) -> Needs:
    """What requests that satisfy a checked tree have, each in at least one of its values."""
    if isinstance(node, Predicate):
        return _needs_of_predicate(node)
    if isinstance(node, Not):
        return _NOTHING
    parts = [needs_of(part) for part in node.parts]
    return _needs_of_all(parts) if isinstance(node, And) else _needs_of_any(parts)


def _needs_of_all(parts: Iterable[Needs]) -> Needs:
    found: dict[str, frozenset[Any]] = {}
    for part in parts:
        for what, values in part.items():
            held = found.get(what)
            if held is None or _telling(what, values) > _telling(what, held):
                found[what] = values
    return found


def _needs_of_any(parts: list[Needs]) -> Needs:
    shared = set(parts[0]).intersection(*parts[1:])
    unions = {what: frozenset().union(*(part[what] for part in parts)) for what in shared}
    return {what: values for what, values in unions.items() if len(values) <= _MOST}


def _telling(what: str, values: frozenset[Any]) -> tuple[int, int]:
    """How much a set tells of a request: paths by the length that is sure, then the fewer the better."""
    sure = min(map(_certain_length, values), default=0) if what == "path" else 0
    return sure, -len(values)


def _certain_length(need: PathNeed) -> int:
    return len(need[0])


def _needs_of_predicate(predicate: Predicate) -> Needs:
    name, operator, value = predicate.field.name, predicate.operator, predicate.value
    if name == "http.host":
        return _one("host", _host_need(operator, str(value)))
    if name == "http.path":
        return _NOTHING if predicate.field.lower else _one("path", _path_need(operator, str(value)))
    if operator is not Operator.EQUAL:
        return _NOTHING
    if name == "http.method":
        return _NOTHING if predicate.field.lower else _one("method", value)
    if name == "tls.sni":
        return _one("sni", value)
    if name == "net.protocol" or kind_of(name) is Kind.INTEGER:
        # One of two, or nearly the same for all.
        return _NOTHING
    return _one(name, _key_of(predicate))


def _key_of(predicate: Predicate) -> bytes:
    value = predicate.value
    if not isinstance(value, str):
        return as_key(value)
    raw = value.encode("utf-8")
    # The index keeps texts by their lower-case form: whatever has that form must be this text already.
    return raw if predicate.field.lower else as_key(raw)


def _one(what: str, value: Any) -> Needs:
    return _NOTHING if value is None else {what: frozenset((value,))}


def _host_need(operator: Operator, value: str) -> str | None:
    """Under which name of the index, as Routes write hosts; the index finds ends at a dot only."""
    if operator is Operator.EQUAL:
        return value
    if ":" in value or "*" in value:
        return None
    if operator is Operator.SUFFIX and value.startswith("."):
        return "*" + value
    if operator is Operator.PREFIX and value.endswith("."):
        return value + "*"
    return None


def _path_need(operator: Operator, value: str) -> PathNeed | None:
    if operator in (Operator.EQUAL, Operator.PREFIX):
        return value, None
    if operator is Operator.REGEX and value.startswith("^"):
        return literal_prefix(value[1:]), value[1:]
    return None
