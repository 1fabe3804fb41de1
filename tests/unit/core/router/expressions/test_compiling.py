"""Closures judge as the tree reads, and tell what of the path was matched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.kit.expressions import holds, nodes, query_of, requests
from twisted_kong.core.router.expressions.compiling import PathFound, compile_look, compile_test
from twisted_kong.core.router.expressions.fields import Request
from twisted_kong.core.router.expressions.parsing import parse
from twisted_kong.core.router.expressions.syntax import Node
from twisted_kong.core.router.query import RouteQuery

REQUEST = query_of(
    "/Api/v1/users",
    method="POST",
    scheme="https",
    host="api.example.test",
    port=8443,
    sni="api.example.test",
    headers={b"x-kind": [b"Blue", b"blue"], b"x-one": [b"1"]},
    query=b"a=1&a=2&flag",
    source=("10.2.3.4", 5000),
    destination="192.168.0.1",
)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ('http.path == "/Api/v1/users"', True),
        ('http.path == "/Api/v1"', False),
        ('http.path != "/Api/v1"', True),
        ('http.path ^= "/Api"', True),
        ('http.path ^= "/api"', False),
        ('lower(http.path) ^= "/api"', True),
        ('http.path =^ "users"', True),
        ('http.path contains "v1"', True),
        ('http.path contains "v2"', False),
        ('http.path ~ "^/Api/v[0-9]+/"', True),
        (r'http.path ~ r#"v\\d"#', False),
        (r'http.path ~ r#"v\d"#', True),
        (r'http.path ~ "v\\d"', True),
        ('http.path ~ "^/v1"', False),
        ('http.path.segments.0 == "Api"', True),
        ('http.path.segments.1_2 == "v1/users"', True),
        ('http.path.segments.3 == "x"', False),
        ('http.path.segments.3 != "x"', False),
        ("http.path.segments.len == 3", True),
        ("http.path.segments.len > 3", False),
        ('http.method == "POST" && net.protocol == "https"', True),
        ('http.host =^ ".example.test"', True),
        ('lower(http.host) == "api.example.test"', True),
        ('tls.sni == "api.example.test"', True),
        ("net.dst.port == 8443 && net.port >= 8443 && net.dst.port <= 8443", True),
        ("net.dst.port < 8443 || net.dst.port > 8443", False),
        ("net.src.port == 5000", True),
        ("net.src.ip in 10.0.0.0/8", True),
        ("net.src.ip not in 10.0.0.0/8", False),
        ("net.src.ip in ::/0", False),
        ("net.src.ip not in ::/0", True),
        ("net.src.ip == 10.2.3.4 && net.dst.ip != 10.2.3.4", True),
        ('http.headers.x_kind == "blue"', False),
        ('lower(http.headers.x_kind) == "blue"', True),
        ('any(http.headers.x_kind) == "blue"', True),
        ('any(http.headers.x_kind) == "red"', False),
        ('http.headers.x_kind != "red"', True),
        ('http.headers.x_kind != "blue"', False),
        ('any(http.headers.x_kind) != "blue"', True),
        ('http.headers.none != "red"', False),
        ('any(http.headers.none) != "red"', False),
        ('!(http.headers.none == "red")', True),
        ('http.queries.a == "1"', False),
        ('any(http.queries.a) == "2"', True),
        ('http.queries.flag == ""', True),
        ('http.queries.none == ""', False),
        ('http.method == "GET" && http.method == "POST" || http.host == "api.example.test"', False),
        ('(http.method == "GET" && http.method == "POST") || http.host == "api.example.test"', True),
        ('http.method == "A" || http.method == "B" || http.method == "POST"', True),
        ('http.method == "POST" && http.path ^= "/" && http.host == "x"', False),
    ],
)
def test_truth(text: str, truth: bool) -> None:
    """A table of expressions about one request."""
    assert bool(compile_test(parse(text))(Request(REQUEST))) is truth


@settings(max_examples=120, deadline=None)
@given(nodes, requests)
def test_agrees_with_reading_the_tree(node: Node, query: RouteQuery) -> None:
    """Any tree gives for any request what its parts, read one by one, say."""
    if "\udcff" in query.path:
        # What is no text has no lower-case form that both agree on.
        query = query._replace(path="/a")
    assert bool(compile_test(node)(Request(query))) is holds(node, query)


def looked_at(text: str, query: RouteQuery) -> PathFound:
    node, request, found = parse(text), Request(query), PathFound()
    assert compile_test(node)(request)
    look = compile_look(node)
    if look is not None:
        look(request, found)
    return found


@pytest.mark.parametrize(
    ("text", "prefix", "named", "unnamed"),
    [
        ('http.path ^= "/Api"', "/Api", None, None),
        ('http.path == "/Api/v1/users"', "/Api/v1/users", None, None),
        ('lower(http.path) ^= "/api"', "/Api", None, None),
        ('http.path ~ "^/Api/(?P<v>v[0-9])/(x)?"', "/Api/v1/", {"v": "v1"}, ["v1", None]),
        ('http.path ~ "^/Api/(?<v>v1)"', "/Api/v1", {"v": "v1"}, ["v1"]),
        ('http.path ~ "(v1)"', None, {}, ["v1"]),
        ('lower(http.path) ~ "^/api/"', "/Api/", {}, []),
        ('http.path =^ "users"', None, None, None),
        ('http.path contains "/Api"', None, None, None),
        ('http.host == "api.example.test"', None, None, None),
        ('http.path ^= "/" && http.path ^= "/Api"', "/Api", None, None),
        ('http.path ^= "/Api" || http.path ^= "/"', "/Api", None, None),
        ('http.path ^= "/x" || http.path ^= "/"', "/", None, None),
        ('(http.path ^= "/Api" && http.host == "x") || http.method == "POST"', None, None, None),
        ('http.method == "PUT" || http.method == "POST" || http.path ^= "/Api"', None, None, None),
        ('!(http.path ^= "/x")', None, None, None),
        ('!(http.path ^= "/x") && http.path ^= "/A"', "/A", None, None),
        ('http.headers.x_one ~ "(1)"', None, None, None),
    ],
)
def test_what_was_matched(
    text: str, prefix: str | None, named: dict[str, str] | None, unnamed: list[str | None] | None
) -> None:
    """The last comparison about the path tells what is stripped, and of alternatives the first."""
    found = looked_at(text, REQUEST)
    assert found.prefix == prefix
    if named is None:
        assert found.captures is None
    else:
        assert found.captures is not None
        assert found.captures.named == named
        assert found.captures.unnamed == unnamed


def test_a_lower_case_form_of_another_length_tells_no_prefix() -> None:
    """Where bytes were lost or won by lower case, nobody knows how much to strip."""
    assert looked_at('lower(http.path) ^= "/k"', query_of("/\u212a/x")).prefix is None
