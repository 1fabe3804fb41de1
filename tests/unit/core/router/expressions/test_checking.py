"""What cannot be compared is refused when it is written, in Kong's words."""

from __future__ import annotations

from time import process_time

import pytest

from twisted_kong.core.router.expressions.checking import check
from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.parsing import parse

MISMATCH = "Type mismatch between the LHS and RHS values of predicate"


@pytest.mark.parametrize(
    "text",
    [
        'http.path == "/"',
        'http.path ~ r#"^/\\d+$"#',
        'lower(http.path) =^ "x"',
        'any(lower(http.headers.x)) contains "a"',
        "net.dst.port >= 8000 && net.src.port < 5 && net.port != 1",
        "net.src.ip in 10.0.0.0/8 || net.dst.ip not in ::/0 || net.src.ip == 1.2.3.4",
        'http.path.segments.len == 2 && http.path.segments.0_1 == "a/b"',
        'any(http.path) == "/"',
    ],
)
def test_what_fits_is_accepted(text: str) -> None:
    """Predicates whose two sides fit one another pass."""
    check(parse(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('http.nothing == "a"', "Unknown LHS field http.nothing"),
        ('http.path == "/" && foo == 1', "Unknown LHS field foo"),
        ("http.path == 1", MISMATCH),
        ('net.dst.port == "80"', MISMATCH),
        ("net.src.ip == 10.0.0.0/8", MISMATCH),
        ('net.src.ip == "10.0.0.1"', MISMATCH),
        ('net.dst.port > "a"', MISMATCH),
        (
            'http.path >= "a"',
            "Greater/GreaterOrEqual/Less/LessOrEqual operators only supports integer operands",
        ),
        ("net.dst.port ^= 8", "Prefix/Postfix/Contains operators only supports string operands"),
        ("net.dst.port contains 8", "Prefix/Postfix/Contains operators only supports string operands"),
        ("net.dst.port ~ 8", "Regex operators only supports string operands"),
        ('net.dst.port ~ "8"', MISMATCH),
        ("net.src.ip in 10.0.0.1", "In/NotIn operators only supports IP in CIDR"),
        ('http.path in "/"', "In/NotIn operators only supports IP in CIDR"),
        ("net.dst.port not in 10.0.0.0/8", "In/NotIn operators only supports IP in CIDR"),
        (
            "lower(net.dst.port) == 80",
            "lower-case transformation function only supported with String type fields",
        ),
        ('http.path.segments.a == "b"', "illformed http.path.segments.* field"),
        ('http.path.segments.3_1 == "b"', "illformed http.path.segments.* field"),
        ('http.path ~ "("', "invalid regex: '(' (missing ): ()"),
        ('http.path ~ "(?=a)"', "invalid regex: '(?=a)' (invalid perl operator: (?=)"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, reason: str) -> None:
    """The first predicate that cannot be run is told."""
    with pytest.raises(ExpressionError) as caught:
        check(parse(text))
    assert str(caught.value) == reason


def test_regexes_are_limited_by_what_they_cost() -> None:
    """Together they must not hold a request up, however short they are written."""
    check(parse(" && ".join(['http.path ~ "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}"'] * 100)))
    large = parse(" && ".join(['http.path ~ "x{1000}"'] * 20))
    with pytest.raises(ExpressionError, match="more than 20000 instructions"):
        check(large)
    check(large, limited=False)
    started = process_time()
    with pytest.raises(ExpressionError, match="too large"):
        check(parse(" && ".join(['http.path ~ r#"\\pL{50}"#'] * 500)))
    assert process_time() - started < 0.5


def test_the_stream_proxy_has_other_fields() -> None:
    """A Route for streams cannot ask for what only HTTP has."""
    check(parse('tls.sni == "a" && net.dst.port == 1'), stream=True)
    with pytest.raises(ExpressionError, match=r"Unknown LHS field http\.path"):
        check(parse('http.path == "/"'), stream=True)
