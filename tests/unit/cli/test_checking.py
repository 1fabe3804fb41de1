"""``kong check``, ``version`` and ``vault get``."""

from __future__ import annotations

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


def test_what_is_not_available_is_valid_but_told(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The grammar knows postgres, this version does not."""
    shell.configure("database = postgres")
    assert shell.run("check") == 0
    captured = capsys.readouterr()
    assert "[warn]" in captured.err
    assert "database = postgres is not available" in captured.err
    assert "is valid" in captured.out


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
