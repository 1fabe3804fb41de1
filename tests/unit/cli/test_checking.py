"""``kong check``, ``version`` and ``vault get``."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.kit.machines import Shell


def test_valid_configuration(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Kong's text."""
    assert shell.run("check", str(shell.conf)) == 0
    assert capsys.readouterr().out == f"configuration at {shell.conf} is valid\n"


def test_every_error_is_shown(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, and exit code 1."""
    shell.configure("log_level = loud\npg_port = x\n")
    assert shell.run("check") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f"[error] {shell.conf}:4",
        f"[error] {shell.conf}:5",
    ]


def test_files_are_checked_too(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate that is not there is found before the start."""
    shell.configure("ssl_cert = /nowhere\nssl_cert_key = /nowhere")
    assert shell.run("check") == 1
    assert "ssl_cert: failed loading certificate from /nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("database = cassandra", "database = cassandra is not available in this version yet"),
        ("database = off", "database = off is not available"),
        ("role = data_plane", "role = data_plane is not available"),
        ("stream_listen = 127.0.0.1:9000", "stream_listen is not available"),
        ("plugins = bundled,nope", "plugin 'nope' is enabled but not installed"),
        ("proxy_access_log = logs/a.log custom_fmt", "there is no log format 'custom_fmt'"),
    ],
)
def test_what_a_start_refuses_is_not_valid(
    shell: Shell, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    """Nobody shall roll out a configuration as checked that no node starts with."""
    shell.configure(line)
    assert shell.run("check") == 1
    checked = capsys.readouterr()
    assert checked.out == ""
    told = [line for line in checked.err.splitlines() if line.startswith("[error] ")]
    assert message in told[0]
    assert shell.run("start") == 1
    assert f"Error: {told[0].removeprefix('[error] ')}\n" in capsys.readouterr().err
    assert shell.launched == []


def test_missing_file(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Kong's text."""
    assert shell.run("check", "/nowhere") == 1
    assert capsys.readouterr().err == "[error] no file at: /nowhere\n"


def test_version(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The version of Kong whose place is taken; -a adds ours and what we run on."""
    assert shell.run("version") == 0
    assert capsys.readouterr().out == "3.9.1\n"
    assert shell.run("version", "-a") == 0
    names = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["Kong", "twisted_kong", "Twisted", "Python"]


def test_vault_get(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret itself, for scripts."""
    shell.environment.update(MY_SECRET="x", KONG_VAULT_ENV_PREFIX="my_")
    assert shell.run("vault", "get", "env/secret") == 0
    assert capsys.readouterr().out == "x\n"


def test_vault_get_of_nothing(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason, and exit code 1."""
    assert shell.run("vault", "get", "{vault://env/nothing}") == 1
    assert "environment variable NOTHING is not set" in capsys.readouterr().err


def test_vault_get_of_an_entity(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The prefix of a Vault entity leads to what its configuration says."""
    shell.environment.update(APP_SECRET="x")
    assert shell.run("vault", "get", "mine/secret") == 1
    assert "there is no vault 'mine'" in capsys.readouterr().err
    assert shell.run("migrations", "bootstrap") == 0
    capsys.readouterr()
    (path,) = shell.prefix.rglob("*.sqlite*")
    with closing(sqlite3.connect(path)) as connection, connection:
        document = b'{"id": "1", "prefix": "mine", "name": "env", "config": {"prefix": "app-"}}'
        connection.execute("insert into entities (kind, id, document) values ('vaults', '1', ?)", (document,))
    assert shell.run("vault", "get", "mine/secret") == 0
    assert capsys.readouterr().out == "x\n"
