"""What an expression says, as a tree, and how a tree is written.

Theory.
``&&`` and ``||`` hold two or more parts each; a part of the same kind stood in parentheses and is printed so.
In Kong's language ``||`` binds tighter than ``&&``: ``a && b || c`` is ``a && (b || c)``.
So printing puts parentheses around a ``&&`` inside of ``||``, around equals of equals, and nowhere else; what
is printed is parsed to the same tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from typing_extensions import override

Value = str | int | IPv4Address | IPv6Address | IPv4Network | IPv6Network
"""The right side of a predicate; what it is follows from its Python type."""


class Operator(Enum):
    """How a field is compared; the value is how it is written."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    REGEX = "~"
    PREFIX = "^="
    SUFFIX = "=^"
    GREATER_EQUAL = ">="
    GREATER = ">"
    LESS_EQUAL = "<="
    LESS = "<"
    IN = "in"
    NOT_IN = "not in"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Field:
    """The left side of a predicate.

    ``lower``: its lower-case form counts.  ``any``: of several values one is enough, else all must satisfy.
    """

    name: str
    lower: bool = False
    any: bool = False

    @override
    def __str__(self) -> str:
        text = f"lower({self.name})" if self.lower else self.name
        return f"any({text})" if self.any else text


@dataclass(frozen=True, slots=True)
class Predicate:
    """A field compared with a value."""

    field: Field
    operator: Operator
    value: Value

    @override
    def __str__(self) -> str:
        return f"{self.field} {self.operator.value} {_written(self.value)}"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more parts."""

    parts: tuple[Node, ...]

    @override
    def __str__(self) -> str:
        return " && ".join(f"({part})" if isinstance(part, And) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more parts."""

    parts: tuple[Node, ...]

    @override
    def __str__(self) -> str:
        return " || ".join(f"({part})" if isinstance(part, And | Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: Node

    @override
    def __str__(self) -> str:
        return f"!({self.part})"


Node = Predicate | And | Or | Not

_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _written(value: Value) -> str:
    return f'"{value.translate(_ESCAPES)}"' if isinstance(value, str) else str(value)


def all_of(parts: list[Node]) -> Node:
    """All of one or more parts."""
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def any_of(parts: list[Node]) -> Node:
    """At least one of one or more parts."""
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def predicates(node: Node) -> list[Predicate]:
    """All predicates of a tree, from left to right."""
    found: list[Predicate] = []
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Predicate):
            found.append(at)
        elif isinstance(at, Not):
            waiting.append(at.part)
        else:
            waiting.extend(reversed(at.parts))
    return found
