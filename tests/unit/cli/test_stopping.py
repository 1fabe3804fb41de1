"""``kong stop``, ``quit`` and ``health``."""

from __future__ import annotations

import signal

import pytest

from tests.kit.machines import Shell


def test_stop(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """TERM, and done when the process is gone."""
    shell.node_runs()
    assert shell.run("stop") == 0
    assert shell.processes.sent == [(7, signal.SIGTERM)]
    assert capsys.readouterr().out == "Kong stopped\n"


def test_stop_of_a_node_that_stays(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Better an error than a lie."""
    shell.node_runs()
    shell.processes.deadly.clear()
    assert shell.run("stop", "-p", str(shell.prefix)) == 1
    assert "did not stop within 10 seconds" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["stop", "quit", "health"])
def test_missing_prefix(shell: Shell, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Kong's text."""
    assert shell.run(command, "-p", "/nowhere") == 1
    assert capsys.readouterr().err.startswith("Error: no such prefix: /nowhere\n")


@pytest.mark.parametrize("command", ["stop", "quit"])
def test_nothing_runs(shell: Shell, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """There is nothing to stop."""
    shell.prefix.mkdir()
    assert shell.run(command) == 1
    assert capsys.readouterr().err.startswith(f"Error: Kong is not running in {shell.prefix}\n")


def test_given_prefix_needs_no_configuration(shell: Shell) -> None:
    """A broken kong.conf must not keep a node from being stopped."""
    shell.node_runs()
    shell.configure("log_level = loud")
    assert shell.run("stop", "-p", str(shell.prefix)) == 0


def test_quit(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """QUIT lets the requests under way be answered."""
    shell.node_runs()
    assert shell.run("quit", "-w", "3") == 0
    assert shell.processes.sent == [(7, signal.SIGQUIT)]
    assert shell.now == 3
    assert capsys.readouterr().out == "Kong stopped (gracefully)\n"


def test_quit_in_the_end_forces(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """TERM after the timeout."""
    shell.node_runs()
    shell.processes.deadly = {signal.SIGTERM}
    assert shell.run("quit", "-t", "2") == 0
    assert [number for _, number in shell.processes.sent] == [signal.SIGQUIT, signal.SIGTERM]
    assert shell.now == pytest.approx(2, abs=0.1)
    assert capsys.readouterr().out == "Timeout, Kong stopped forcefully\n"


def test_quit_that_nothing_helps(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that survives TERM is told of."""
    shell.node_runs()
    shell.processes.deadly = set()
    assert shell.run("quit") == 1
    assert "did not stop within 10 seconds" in capsys.readouterr().err


def test_quit_needs_a_second_at_least(shell: Shell) -> None:
    """A usage error ends with 1, as in Kong."""
    assert shell.run("quit", "-t", "0") == 1


def test_healthy(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Kong's lines, dots up to twelve."""
    shell.node_runs()
    assert shell.run("health") == 0
    assert capsys.readouterr().out == f"nginx.......running\n\nKong is healthy at {shell.prefix}\n"


def test_not_healthy(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The same, and an error."""
    shell.prefix.mkdir()
    assert shell.run("health") == 1
    captured = capsys.readouterr()
    assert captured.out == "nginx.......not running\n\n"
    assert captured.err.startswith(f"Error: Kong is not running at {shell.prefix}\n")


def test_not_ready(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A node that waits for its database runs, but listens nowhere."""
    shell.node_runs()
    (shell.prefix / "pids" / "waiting").write_text("Connection refused\n")
    assert shell.run("health") == 1
    captured = capsys.readouterr()
    assert captured.out == "nginx.......running\n\n"
    message = f"Kong is not ready at {shell.prefix}: it waits for the database: Connection refused"
    assert captured.err.startswith(f"Error: {message}\n")
