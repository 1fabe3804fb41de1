"""The command itself."""

from __future__ import annotations

import pytest

from tests.kit.machines import Shell


def test_unknown_command_shows_usage(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with 1, as in Kong."""
    assert shell.run("nope") == 1
    error = capsys.readouterr().err
    assert error.startswith("Usage: kong")
    assert "No such command 'nope'" in error


def test_no_command_shows_help(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """With every command there is, and exit code 1."""
    assert shell.run() == 1
    error = capsys.readouterr().err
    for command in ("start", "stop", "quit", "reload", "restart", "check", "health", "migrations", "prepare"):
        assert command in error


def test_help(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Help was asked for: exit code 0."""
    assert shell.run("start", "--help") == 0
    assert "--run-migrations" in capsys.readouterr().out


def test_debug_output_has_the_traceback(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """--vv is for those who look for the cause; the hint is not needed then."""
    assert shell.run("stop", "-p", "/nowhere", "--vv") == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "Run with --v" not in error


def test_verbosity_may_stand_before_the_command(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """As an option of kong itself."""
    assert shell.run("--vv", "stop", "-p", "/nowhere") == 1
    assert "Traceback" in capsys.readouterr().err


def test_interruption_is_no_traceback(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C during a start."""
    shell.launch_error = KeyboardInterrupt()  # type: ignore[assignment]
    assert shell.run("start") == 1
    assert "Error: interrupted" in capsys.readouterr().err
