"""From text to value."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.lists import TrustedPeers
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.property import Kind, Property
from twisted_kong.core.conf.secret import Secret
from twisted_kong.core.conf.values import Buffers, LogTarget, parse_value, unset_value


def of(kind: Kind, **more: object) -> Property:
    """A property of a kind."""
    return Property("p", kind, None, "", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.STRING, "x y", "x y"),
        (Kind.ARRAY, "a, b", ("a", "b")),
        (Kind.BOOLEAN, "on", True),
        (Kind.BOOLEAN, "true", True),
        (Kind.BOOLEAN, "yes", False),
        (Kind.NGX_BOOLEAN, "off", False),
        (Kind.NUMBER, "5", 5),
        (Kind.NUMBER, "0.5", 0.5),
        (Kind.NUMBER, "1e3", 1000.0),
        (Kind.INTEGER, "512", 512),
        (Kind.SIZE, "0", 0),
        (Kind.SIZE, "8k", 8192),
        (Kind.SIZE, "10M", 10 << 20),
        (Kind.SIZE, "1g", 1 << 30),
        (Kind.TIME, "30", 30.0),
        (Kind.TIME, "1d", 86400.0),
        (Kind.TIME, "1h30m", 5400.0),
        (Kind.TIME, "1h 30m", 5400.0),
        (Kind.TIME, "500ms", 0.5),
        (Kind.BUFFERS, "4 16k", Buffers(4, 16384)),
        (Kind.WORKERS, "auto", None),
        (Kind.WORKERS, "3", 3),
        (Kind.LOG, "off", None),
        (Kind.LOG, "/dev/stdout", LogTarget("/dev/stdout")),
        (Kind.LOG, "logs/a.log  basic", LogTarget("logs/a.log", "basic")),
        (Kind.UUID, "6BF5A9C8-0000-4000-8000-1234567890AB", "6bf5a9c8-0000-4000-8000-1234567890ab"),
    ],
)
def test_value(kind: Kind, text: str, value: object) -> None:
    """Each kind reads the forms that Kong and nginx accept."""
    assert parse_value(of(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Kind.NGX_BOOLEAN, "yes", "p is not a ngx_boolean: 'yes' (on, off)"),
        (Kind.NUMBER, "five", "p is not a number: 'five'"),
        (Kind.NUMBER, "0_5", "p is not a number: '0_5'"),
        (Kind.NUMBER, "\u0665", "p is not a number: '\u0665'"),
        (Kind.NUMBER, "nan", "p is not a number: 'nan'"),
        (Kind.INTEGER, "1.5", "p is not a number: '1.5' (an integer)"),
        (Kind.SIZE, "8kb", "p is not a size: '8kb' (bytes, or with k, m or g: 8k, 10m)"),
        (
            Kind.TIME,
            "1" * 40 + "x",
            f"p is not a time: '{'1' * 40}x' (seconds, or with ms, s, m, h, d: 30s, 1h30m, 1d)",
        ),
        (Kind.TIME, "soon", "p is not a time: 'soon' (seconds, or with ms, s, m, h, d: 30s, 1h30m, 1d)"),
        (Kind.BUFFERS, "4", "p is not a number and a size: '4' (4 16k)"),
        (Kind.WORKERS, "0", "p has an invalid value: '0' (auto, or a number from 1)"),
        (Kind.LOG, "syslog:x", "p has an invalid value: 'syslog:x' (a path, /dev/stdout, /dev/stderr, off)"),
        (Kind.UUID, "42", "p must be a valid UUID"),
    ],
)
def test_wrong_value_is_refused_with_what_is_allowed(kind: Kind, text: str, message: str) -> None:
    """The message names the property, the value and the form."""
    with pytest.raises(ValueError, match=r"^p ") as error:
        parse_value(of(kind), text)
    assert str(error.value) == message


def test_wrong_enum_lists_what_is_allowed() -> None:
    """Kong's text."""
    with pytest.raises(ValueError, match=r"^log_level has an invalid value: 'loud' \(debug, info, "):
        parse_value(PROPERTIES["log_level"], "loud")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("upstream_keepalive_pool_size", "-1", "upstream_keepalive_pool_size must be 0 or greater"),
        ("upstream_keepalive_pool_size", "1e3", "upstream_keepalive_pool_size must be an integer: '1e3'"),
        ("lua_max_req_headers", "1001", "lua_max_req_headers must be an integer between 1 and 1000"),
        ("lua_max_req_headers", "1.5", "lua_max_req_headers must be an integer between 1 and 1000"),
        ("tracing_sampling_rate", "2", "tracing_sampling_rate must be between 0 and 1"),
        ("pg_pool_size", "0", "pg_pool_size must be an integer greater than 0"),
        ("cluster_max_payload", "1", "cluster_max_payload must be 4194304 (4MB) or greater"),
        ("db_cache_ttl", "-1", "db_cache_ttl must be 0 or greater"),
    ],
)
def test_number_out_of_bounds(name: str, text: str, message: str) -> None:
    """Bounds have Kong's texts where it has some."""
    with pytest.raises(ValueError, match=name) as error:
        parse_value(PROPERTIES[name], text)
    assert str(error.value) == message


def test_sensitive_values_become_secrets() -> None:
    """Single ones and those in lists."""
    assert parse_value(of(Kind.STRING, sensitive=True), "x") == Secret("x")
    assert parse_value(of(Kind.ARRAY, sensitive=True), "x,y") == (Secret("x"), Secret("y"))


def test_unset_values() -> None:
    """A list that nobody set is empty, anything else None."""
    assert unset_value(of(Kind.ARRAY)) == ()
    assert unset_value(of(Kind.NETWORKS)) == TrustedPeers()
    assert unset_value(of(Kind.PORT_MAPS)) == {}
    assert unset_value(of(Kind.STRING)) is None
