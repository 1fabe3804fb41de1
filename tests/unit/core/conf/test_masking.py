"""Configuration as it may be shown."""

from __future__ import annotations

from twisted_kong.core.conf.masking import Setting, hide_secrets, is_sensitive, masked_settings


def shown(name: str, text: str) -> object:
    """What is shown of one setting."""
    return masked_settings({name: Setting(text)})[name]


def test_values_have_kongs_types() -> None:
    """As on ``GET /``: lists, numbers, booleans, and on/off where nginx has it."""
    assert shown("proxy_listen", "127.0.0.1:1 ssl, 127.0.0.1:2") == ["127.0.0.1:1 ssl", "127.0.0.1:2"]
    assert shown("pg_port", "5432") == 5432
    assert shown("tracing_sampling_rate", "0.01") == 0.01
    assert shown("pg_ssl", "on") is True
    assert shown("nginx_daemon", "off") == "off"
    assert shown("mem_cache_size", "128m") == "128m"


def test_secrets_are_masked() -> None:
    """Passwords and keys never show, not even in lists."""
    assert shown("pg_password", "hunter2") == "******"
    assert shown("ssl_cert_key", "/a.key, /b.key") == ["******", "******"]
    assert shown("vault_hcv_token", "hunter2") == "******"


def test_references_stand_as_given() -> None:
    """A reference is no secret, what it leads to is."""
    assert shown("pg_password", "{vault://env/pg}") == "{vault://env/pg}"
    assert shown("pg_port", "{vault://env/port}") == "{vault://env/port}"
    assert shown("ssl_cert_key", "{vault://env/key}, /b.key") == ["{vault://env/key}", "******"]


def test_unset_is_left_out() -> None:
    """As in Kong."""
    assert masked_settings({"pg_schema": Setting(None)}) == {}


def test_messages_are_cleaned() -> None:
    """An error may quote a value, but no secret."""
    assert hide_secrets("p is not a number: 'hunter2'", ["hunter2", ""]) == "p is not a number: '******'"


def test_what_is_sensitive() -> None:
    """Marked properties, and dynamic settings by their names."""
    assert is_sensitive("pg_password")
    assert is_sensitive("vault_x_secret_id")
    assert not is_sensitive("nginx_http_gzip")
