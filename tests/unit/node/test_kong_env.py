"""The merged settings below the prefix."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.node.configuration import ConfSource
from twisted_kong.node.kong_env import write_kong_env
from twisted_kong.node.prefix import PrefixError

PEM = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"


def test_written_settings_come_to_the_same_configuration(tmp_path: Path) -> None:
    """File, environment and command line in one, aliases resolved, references kept."""
    loaded = load_conf(
        Sources(
            "pg_password = a\\#b\nnginx_daemon = off\npg_user = {vault://env/u}",
            environment={"KONG_LOG_LEVEL": "info", "U": "me", "KONG_NGINX_HTTP_GZIP": "on"},
            options={"prefix": str(tmp_path)},
        )
    )
    write_kong_env(loaded.conf)
    text = (tmp_path / ".kong_env").read_text()
    assert text.splitlines()[1:] == [
        "# from --prefix",
        f"prefix = {tmp_path}",
        "# from KONG_LOG_LEVEL",
        "log_level = info",
        "# from kong.conf:2",
        "nginx_main_daemon = off",
        "# from kong.conf:3",
        "pg_user = {vault://env/u}",
        "# from kong.conf:1",
        "pg_password = a\\#b",
        "# from KONG_NGINX_HTTP_GZIP",
        "nginx_http_gzip = on",
    ]
    again = ConfSource(f"{tmp_path}/.kong_env", merged=True).read({"U": "me"}).conf
    assert again.pg_password == loaded.conf.pg_password
    assert (again.nginx_main_daemon, again.log_level, again.pg_user) == (False, "info", "me")


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    """The file holds them in clear, so nobody else may read it."""
    write_kong_env(load_conf(Sources(options={"prefix": str(tmp_path)})).conf)
    assert stat.S_IMODE((tmp_path / ".kong_env").stat().st_mode) == 0o600


def test_pem_text_of_the_environment_survives(tmp_path: Path) -> None:
    """Its lines become base64, which is read as the same key."""
    environment = {"KONG_CLIENT_SSL_CERT_KEY": PEM, "KONG_CLIENT_SSL_CERT": PEM}
    write_kong_env(load_conf(Sources(environment=environment, options={"prefix": str(tmp_path)})).conf)
    key = ConfSource(f"{tmp_path}/.kong_env", merged=True).read({}).conf.client_ssl_cert_key
    assert key is not None
    assert "\n" not in key.reveal()


def test_faults_are_shown_where_the_operator_wrote_them(tmp_path: Path) -> None:
    """The file that he wrote, and the variable: not the one that the command made of them."""
    loaded = load_conf(
        Sources(
            "\nproxy_access_log = a.log # mine",
            "/etc/my#kong.conf",
            environment={"KONG_NGINX_DAEMON": "off"},
            options={"prefix": str(tmp_path)},
        )
    )
    write_kong_env(loaded.conf)
    again = ConfSource(f"{tmp_path}/.kong_env", merged=True).read({}).conf.settings
    assert str(again["proxy_access_log"].origin) == "/etc/my#kong.conf:2"
    assert str(again["nginx_main_daemon"].origin) == "KONG_NGINX_DAEMON"
    assert str(again["prefix"].origin) == "--prefix"
    assert again["plugins"].is_default


def test_file_that_cannot_be_written_is_told() -> None:
    """One line."""
    with pytest.raises(PrefixError, match=r"cannot write /proc/.kong_env"):
        write_kong_env(load_conf(Sources("prefix = /proc")).conf)
