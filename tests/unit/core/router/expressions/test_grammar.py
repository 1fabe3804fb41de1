"""Every construct of the language is read as Kong reads it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.grammar import make_parser
from twisted_kong.core.router.expressions.syntax import And, Field, Not, Operator, Or, Predicate


def read(text: str) -> Any:
    return make_parser(64).parse(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a"', "a"),
        ('""', ""),
        (r'"\"\\\n\r\t"', '"\\\n\r\t'),
        ('"a\nb"', "a\nb"),
        ('r#"a"b\\n"#', 'a"b\\n'),
        ('r#""#', ""),
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("0x1F", 31),
        ("-0x10", -16),
        ("017", 15),
        ("08", 8),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("10.0.0.1", ip_address("10.0.0.1")),
        ("::1", ip_address("::1")),
        ("fe80::a:1", ip_address("fe80::a:1")),
        ("::ffff:1.2.3.4", ip_address("::ffff:1.2.3.4")),
        ("10.0.0.0/8", ip_network("10.0.0.0/8")),
        ("::/0", ip_network("::/0")),
        ("2001:db8::/32", ip_network("2001:db8::/32")),
    ],
)
def test_literals(written: str, value: Any) -> None:
    """Each kind of literal has its value."""
    found = read(f"a == {written}")
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("9223372036854775808", "number too large"),
        ("-9223372036854775809", "number too large"),
        ("1" * 5000, "number too large"),
        ("256.0.0.1", "invalid IP address"),
        (":::", "invalid IP address"),
        ("10.0.0.1/8", "host part of address was not zero"),
        ("10.0.0.0/33", "invalid CIDR"),
    ],
)
def test_literals_that_mean_nothing(written: str, reason: str) -> None:
    """A literal of the right shape without a value is refused."""
    with pytest.raises(ExpressionError, match=reason):
        read(f"a == {written}")


@pytest.mark.parametrize("operator", list(Operator))
def test_operators(operator: Operator) -> None:
    """Each operator is read, with and without room around it where it is no word."""
    assert read(f'a {operator.value} "b"').operator is operator
    if not operator.value[0].isalpha():
        assert read(f'a{operator.value}"b"').operator is operator


def test_words_of_the_language_are_words_only_in_their_place() -> None:
    """A field may be called like an operator or a function."""
    assert read('in == "a"').field == Field("in")
    assert read('any == "a"').field == Field("any")
    assert read("lower not\n in ::/0").operator is Operator.NOT_IN


def test_functions() -> None:
    """Functions may be applied to one another, in any order."""
    assert read('any(lower(a)) == "b"').field == Field("a", lower=True, any=True)
    assert read('lower ( any ( a ) ) == "b"').field == Field("a", lower=True, any=True)
    assert read('lower(lower(a)) == "b"').field == Field("a", lower=True)


def test_what_binds_tighter() -> None:
    """``||`` binds tighter than ``&&``; ``!`` stands before parentheses only."""
    a, b, c = (Predicate(Field(name), Operator.EQUAL, 1) for name in "abc")
    assert read("a == 1 && b == 1 || c == 1") == And((a, Or((b, c))))
    assert read("a == 1 || b == 1 && c == 1") == And((Or((a, b)), c))
    assert read("(a == 1 && b == 1) || c == 1") == Or((And((a, b)), c))
    assert read("! (a == 1)") == Not(a)
    assert read("!(!((a == 1)))") == Not(Not(a))


def test_nesting_is_limited() -> None:
    """Parentheses within one another are counted while they are read."""
    parser = make_parser(64)
    deep = "(" * 64 + "a == 1" + ")" * 64
    assert isinstance(parser.parse(deep), Predicate)
    with pytest.raises(ExpressionError, match="nested deeper than 64"):
        parser.parse(f"({deep})")
