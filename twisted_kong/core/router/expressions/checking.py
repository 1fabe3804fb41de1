"""Whether what an expression compares can be compared; found when a Route is written, never at a request."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.fields import Kind, is_ill_formed, kind_of
from twisted_kong.core.router.expressions.syntax import Node, Operator, Predicate, predicates
from twisted_kong.core.router.regexes import BadRegex, compile_regex

_NUMERIC = frozenset({Operator.GREATER, Operator.GREATER_EQUAL, Operator.LESS, Operator.LESS_EQUAL})
_TEXTUAL = frozenset({Operator.PREFIX, Operator.SUFFIX, Operator.CONTAINS})
_NETWORK = frozenset({Operator.IN, Operator.NOT_IN})
_KINDS = {
    str: Kind.STRING,
    int: Kind.INTEGER,
    IPv4Address: Kind.ADDRESS,
    IPv6Address: Kind.ADDRESS,
}


MOST_INSTRUCTIONS = 20_000
"""Of the regexes of one expression together, as the engine counts them; a UUID takes 70. Kong: no limit.

To try that many on a path of 8 KiB takes up to 0.2 s, to compile them a few ms.
"""


def check(node: Node, *, stream: bool = False, limited: bool = True) -> None:
    """Judge every predicate.

    :param stream: the fields of the stream proxy are meant, else those of HTTP.
    :param limited: whether the size of its regexes counts.
    :raises ExpressionError: in Kong's words where it would refuse too.
    """
    size = 0
    for predicate in predicates(node):
        problem = _problem(predicate, stream)
        if problem is not None:
            raise ExpressionError(problem)
        if predicate.operator is Operator.REGEX:
            size += _size_of(str(predicate.value))
            if limited and size > MOST_INSTRUCTIONS:
                raise ExpressionError(
                    f"its regexes are too large: more than {MOST_INSTRUCTIONS} instructions"
                )


def _problem(predicate: Predicate, stream: bool) -> str | None:
    field, operator, value = predicate.field, predicate.operator, predicate.value
    kind = kind_of(field.name, stream=stream)
    if kind is None:
        return f"Unknown LHS field {field.name}"
    if is_ill_formed(field.name):
        return "illformed http.path.segments.* field"
    if field.lower and kind is not Kind.STRING:
        return "lower-case transformation function only supported with String type fields"
    if operator in _NETWORK:
        fits = kind is Kind.ADDRESS and isinstance(value, IPv4Network | IPv6Network)
        return None if fits else "In/NotIn operators only supports IP in CIDR"
    if _KINDS.get(type(value)) is not kind:
        return "Type mismatch between the LHS and RHS values of predicate"
    return _operand_problem(operator, value)


def _operand_problem(operator: Operator, value: object) -> str | None:
    if operator in _NUMERIC and not isinstance(value, int):
        return "Greater/GreaterOrEqual/Less/LessOrEqual operators only supports integer operands"
    if operator in _TEXTUAL and not isinstance(value, str):
        return "Prefix/Postfix/Contains operators only supports string operands"
    if operator is Operator.REGEX and not isinstance(value, str):
        return "Regex operators only supports string operands"
    return None


def _size_of(pattern: str) -> int:
    try:
        size: int = compile_regex(pattern).programsize
    except BadRegex as error:
        raise ExpressionError(f"invalid regex: '{pattern}' ({error})") from None
    return size
