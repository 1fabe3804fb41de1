"""What the author of a usable configuration should know."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.listeners import parse_listeners
from twisted_kong.core.conf.masking import Setting
from twisted_kong.core.conf.notices import notices
from twisted_kong.core.conf.problems import Origin

VALUES = {"database": "sqlite", "db_update_propagation": 0, "admin_token": None, "admin_auth": "off"}


def told(name: str, text: str, **values: object) -> list[str]:
    """The warnings for one setting."""
    given = {name: Setting(text, Origin("k.conf", 1))}
    return [problem.message for problem in notices(given, {**VALUES, **values})]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "nginx_http_gzip",
            "on",
            "nginx_http_gzip is ignored: it is a directive of nginx, which is not used",
        ),
        (
            "pluginserver_x_socket",
            "/x",
            "pluginserver_x_socket is ignored: external plugin servers are not available",
        ),
        ("vault_hcv_host", "x", "vault_hcv_host is ignored: only the env vault is available"),
        ("anonymous_reports", "on", "anonymous_reports is ignored: this node never reports to anybody"),
        ("dns_no_sync", "on", "dns_no_sync is ignored: equal queries always share one answer"),
        ("request_debug", "off", "request_debug has no effect in this version yet"),
        (
            "worker_consistency",
            "strict",
            "the 'worker_consistency' value 'strict' is deprecated, use 'eventual' instead",
        ),
        (
            "router_consistency",
            "eventual",
            "the 'router_consistency' configuration property is deprecated, use 'worker_consistency' instead",
        ),
        ("cassandra_ssl", "on", "cassandra_ssl has no effect in this version yet"),
    ],
)
def test_notice(name: str, text: str, message: str) -> None:
    """Each setting that does nothing, or is old, is told once with the reason."""
    assert told(name, text) == [message]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log_level", "debug"),
        ("anonymous_reports", "off"),
        ("lua_package_path", "./?.lua;./?/init.lua;"),
        ("vault_env_prefix", "X_"),
        ("pg_host", "127.0.0.1"),
        ("allow_debug_header", "no"),
    ],
)
def test_no_notice(name: str, text: str) -> None:
    """What works, and what only repeats the default, needs none."""
    assert told(name, text) == []


def test_boolean_that_is_neither_counts_as_off_and_is_told() -> None:
    """Kong takes yes for off without a word."""
    assert told("allow_debug_header", "yes") == [
        "allow_debug_header is not a boolean: 'yes' (on, off); it counts as off, as in Kong"
    ]


def test_cassandra_without_propagation_is_told() -> None:
    """A distributed database may show a change before it can be read everywhere."""
    assert told("database", "cassandra", database="cassandra") != []
    assert told("database", "cassandra", database="cassandra", db_update_propagation=2) == []


def test_flags_of_listeners_that_do_nothing_are_told() -> None:
    """The listener listens all the same."""
    entries = ["127.0.0.1:1 so_keepalive=on", "127.0.0.1:2 http2", "[::1]:1 ipv6only=off"]
    listeners = parse_listeners("proxy_listen", entries)
    assert told("proxy_listen", "x", proxy_listen=listeners) == [
        "proxy_listen: the flag so_keepalive has no effect in this version yet",
        "proxy_listen: the flag http2 without ssl has no effect in this version yet",
        "proxy_listen: the flag ipv6only=off has no effect in this version yet",
    ]


def test_a_token_that_nobody_is_asked_for() -> None:
    """Whoever sets a token believes to be protected; the warning does not repeat it."""
    (message,) = told("admin_token", "s3cret", admin_token="s3cret")
    assert message == "admin_token protects nothing while admin_auth is off: set admin_auth = token"
    assert told("admin_token", "s3cret", admin_token="s3cret", admin_auth="token") == []
