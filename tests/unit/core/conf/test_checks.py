"""Rules between properties."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError


def wrong(text: str) -> str:
    """The first fault of a file, without its place."""
    with pytest.raises(ConfError) as error:
        load_conf(Sources(text))
    return error.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ssl_cert = /a", "ssl_cert_key must be specified"),
        ("admin_ssl_cert_key = /a", "admin_ssl_cert must be specified"),
        (
            "status_ssl_cert = /a, /b\nstatus_ssl_cert_key = /c",
            "status_ssl_cert was specified 2 times while status_ssl_cert_key was specified 1 times",
        ),
        ("client_ssl = on\nclient_ssl_cert = /a", "client_ssl_cert_key must be specified"),
        ("client_ssl = on\nclient_ssl_cert_key = /a", "client_ssl_cert must be specified"),
        *(
            (
                f"nginx_admin_ssl_verify_client = {word}",
                f"nginx_admin_ssl_verify_client = {word}:"
                " nginx_admin_ssl_client_certificate must be specified",
            )
            for word in ("on", "optional")
        ),
        ("admin_token = 0123456789abcdef0123456789abcde", "admin_token must have at least 32 characters"),
        *(
            (
                f"admin_token = 0123456789abcdef0123456789abcdef{text}",
                "admin_token must consist of printable ASCII characters without spaces",
            )
            for text in ("é", " x")
        ),
        ("worker_state_update_frequency = 0", "worker_state_update_frequency must be greater than 0"),
        ("db_update_frequency = 0", "db_update_frequency must be greater than 0"),
        (
            "tracing_instrumentations = off, request",
            "invalid tracing types: off, other types are mutually exclusive",
        ),
        ("admin_gui_path = x", "admin_gui_path must start with a slash ('/')"),
        ("admin_gui_path = /x/", "admin_gui_path must not end with a slash ('/')"),
        ("admin_gui_path = /x//y", "admin_gui_path must not contain continuous slashes ('/')"),
        (
            "admin_gui_path = /x.y",
            "admin_gui_path can only contain letters, digits, hyphens ('-'), underscores ('_')"
            " and slashes ('/')",
        ),
        ("database = postgres\npg_host = a,b c", "pg_host: invalid hostname: b c"),
        ("database = postgres\npg_ro_host = a:99999", "pg_ro_host: invalid port number"),
        (f"database = postgres\npg_schema = {'é' * 32}", "pg_schema must not be longer than 63 bytes"),
        (f"database = postgres\npg_ro_schema = {'a' * 64}", "pg_ro_schema must not be longer than 63 bytes"),
        (
            "database = cassandra\ncassandra_lb_policy = DCAwareRoundRobin",
            "must specify 'cassandra_local_datacenter' when DCAwareRoundRobin policy is in use",
        ),
        (
            "database = cassandra\ncassandra_contact_points = a:9042",
            "bad cassandra contact point 'a:9042': port must be specified in cassandra_port",
        ),
        (
            "proxy_listen = 127.0.0.1:8001",
            "admin_listen has 127.0.0.1:8001, which proxy_listen has already",
        ),
    ],
)
def test_rule(text: str, message: str) -> None:
    """Each broken rule gives Kong's text where Kong has the rule."""
    assert wrong(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "ssl_cert = /a, /b\nssl_cert_key = /c, /d",
        "cassandra_contact_points = a:9042",
        "pg_host = b c",
        f"database = postgres\npg_schema = {'a' * 63}",
        "database = postgres\npg_host = a,[::1]:1,10.0.0.1:2,/run/postgresql",
        "proxy_listen = 127.0.0.1:0\nadmin_listen = 127.0.0.1:0",
        "client_ssl_cert = /a",
        "admin_gui_path = /manager",
        "nginx_admin_ssl_verify_client = optional_no_ca",
    ],
)
def test_rule_kept(text: str) -> None:
    """Rules bind only where they apply."""
    load_conf(Sources(text))


def test_a_token_may_be_a_reference() -> None:
    """What it stands for is judged and never told; it is the reference that is shown."""
    text = "admin_token = {vault://env/admin-token}\nadmin_auth = token"
    token = "0123456789abcdef" * 2
    conf = load_conf(Sources(text, environment={"ADMIN_TOKEN": token})).conf
    assert conf.admin_token is not None
    assert conf.admin_token.reveal() == token
    assert conf.masked()["admin_token"] == "{vault://env/admin-token}"
    with pytest.raises(ConfError) as error:
        load_conf(Sources(text, environment={"ADMIN_TOKEN": "hunter2"}))
    assert str(error.value) == "kong.conf:1: admin_token must have at least 32 characters"
