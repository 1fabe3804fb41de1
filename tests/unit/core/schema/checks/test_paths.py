from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.checks.paths import asterisk_or_regex, path, router_path, split_url, url


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("/a/b%20c;d=1", None),
        ("/a b", "invalid path: '/a b' (characters outside of the reserved list of RFC 3986 found)"),
        ("/é", "invalid path: '/é' (characters outside of the reserved list of RFC 3986 found)"),
        ("/a%2", "invalid url-encoded value: '%2'"),
        ("/%zz/x", "invalid url-encoded value: '%zz'"),
        ("/a%", "invalid url-encoded value: '%'"),
    ],
)
def test_paths_are_uri_paths(value: str, text: str | None) -> None:
    """Escapes must be whole."""
    assert path(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("/a/b", None),
        ("/a/../b", "non-normalized path, consider use '/b' instead"),
        ("/%7ea", "non-normalized path, consider use '/~a' instead"),
        ("/%zz", "invalid url-encoded value: '%zz'"),
        ("~/a(?<id>[0-9]+)$", None),
        ("~/%zz", None),
        ("/é%zz", None),
        (
            "~/a(",
            """invalid regex: '/a(' (PCRE returned: pcre2_compile() failed: """
            """missing closing parenthesis in "/a(")""",
        ),
        (
            "~/a(?=b)",
            """invalid regex: '/a(?=b)' (PCRE returned: pcre2_compile() failed: """
            """look-around is not supported: (?= in "/a(?=b)")""",
        ),
    ],
)
def test_routes_match_normalised_paths_or_expressions(value: str, text: str | None) -> None:
    """An expression that cannot be run is refused with the reason."""
    assert router_path(value) == text


def test_a_star_is_anything() -> None:
    """Though it is no expression."""
    assert asterisk_or_regex("*") is None
    assert asterisk_or_regex("^a$") is None
    assert asterisk_or_regex("(") == "'(' is not a valid regex"


def test_a_url_has_a_scheme_and_a_host() -> None:
    """The host is missed first."""
    assert url("http://a.test/x") is None
    assert url("x") == "missing host in url"
    assert url("//a.test") == "missing scheme in url"


@pytest.mark.parametrize(
    ("value", "protocol", "host", "port", "path"),
    [
        ("http://a.test", "http", "a.test", 80, None),
        ("https://a.test/", "https", "a.test", 443, "/"),
        ("grpc://a.test:9000/x?q=1#f", "grpc", "a.test", 9000, "/x"),
        ("tcp://a.test", "tcp", "a.test", 80, None),
        ("http://user:pw@a.test:81/x", "http", "a.test", 81, "/x"),
        ("http://[::1]:81/x", "http", "::1", 81, "/x"),
        ("http://[::1]", "http", "::1", 80, None),
        ("//a.test:443/x", "https", "a.test", 443, "/x"),
        ("//a.test:80/x", "http", "a.test", 80, "/x"),
        ("foo", "http", None, 80, "foo"),
        ("http://", "http", None, 80, None),
        ("http://a:b", "http", "a", "b", None),
    ],
)
def test_a_url_is_four_fields(value: str, protocol: str, host: Any, port: Any, path: Any) -> None:
    """What is wrong with them is for the fields to say."""
    assert split_url(value) == {"protocol": protocol, "host": host, "port": port, "path": path}


def test_a_null_url_says_nothing() -> None:
    """The fields stay as they are."""
    assert split_url(None) == {}
