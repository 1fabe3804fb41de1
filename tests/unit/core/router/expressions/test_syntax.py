"""A tree is printed so that it is read back as the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.kit.expressions import nodes
from twisted_kong.core.router.expressions.parsing import parse
from twisted_kong.core.router.expressions.syntax import (
    And,
    Field,
    Node,
    Not,
    Operator,
    Or,
    Predicate,
    all_of,
    any_of,
    predicates,
)

A, B, C = (Predicate(Field("http.path"), Operator.EQUAL, name) for name in "abc")


@settings(max_examples=100, deadline=None)
@given(nodes)
def test_what_is_printed_is_parsed_to_the_same(node: Node) -> None:
    """Printing and parsing any tree gives the tree."""
    assert parse(str(node)) == node


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (And((A, Or((B, C)))), 'http.path == "a" && http.path == "b" || http.path == "c"'),
        (Or((And((A, B)), C)), '(http.path == "a" && http.path == "b") || http.path == "c"'),
        (Not(A), '!(http.path == "a")'),
        (
            Predicate(Field("tls.sni", True, True), Operator.NOT_EQUAL, 'a"\\\n'),
            'any(lower(tls.sni)) != "a\\"\\\\\\n"',
        ),
        (Predicate(Field("net.dst.port"), Operator.LESS_EQUAL, -5), "net.dst.port <= -5"),
    ],
)
def test_how_it_is_written(node: Node, text: str) -> None:
    """Parentheses stand only where ``||`` binding tighter than ``&&`` makes them necessary."""
    assert str(node) == text


def test_single_parts_stay_themselves() -> None:
    """All or any of one part is the part."""
    assert all_of([A]) is A
    assert any_of([A]) is A
    assert all_of([A, B]) == And((A, B))
    assert any_of([A, B]) == Or((A, B))


def test_all_predicates_are_found_in_order() -> None:
    """Predicates are listed from left to right, from within everything."""
    assert predicates(And((Not(Or((A, B))), C))) == [A, B, C]
