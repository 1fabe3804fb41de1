"""``kong start``, ``restart``, ``reload`` and ``prepare``."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit.machines import Shell
from twisted_kong.cli.launching import StartFailed
from twisted_kong.cli.starting import sole_start
from twisted_kong.core.conf.paths import PrefixPaths


def test_start_prepares_launches_and_says_so(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The node gets the merged settings and the pid file of Kong's name."""
    assert shell.run("start", "-c", str(shell.conf)) == 0
    assert capsys.readouterr().out == "Kong started\n"
    ((arguments, output, timeout),) = shell.launched
    assert arguments == (
        "python",
        "-P",
        "-m",
        "twisted_kong.cli.twistd",
        "--nodaemon",
        "--pidfile",
        f"{shell.prefix}/pids/nginx.pid",
        "kong",
        "--kong-env",
        f"{shell.prefix}/.kong_env",
        "--log-files",
    )
    assert output == f"{shell.prefix}/logs/start.log"
    assert timeout == 60
    assert (shell.prefix / ".kong_env").exists()
    assert (shell.prefix / "kong.id").exists()


def test_default_file_is_read_where_none_is_given(shell: Shell) -> None:
    """As /etc/kong/kong.conf is."""
    assert shell.run("start") == 0
    assert (shell.prefix / "kong.id").exists()


def test_start_refuses_while_a_node_runs(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Kong's text, on standard error, with the hint."""
    shell.node_runs()
    assert shell.run("start") == 1
    captured = capsys.readouterr()
    assert captured.err == (
        f"Error: Kong is already running in {shell.prefix}\n\n"
        "  Run with --v (verbose) or --vv (debug) for more details\n"
    )
    assert captured.out == ""
    assert shell.launched == []


def test_of_two_starts_at_once_one_is_refused(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Else each would remove the other's pid file, and the node that came up could not be found again."""
    assert shell.run("prepare", "-c", str(shell.conf)) == 0
    (shell.prefix / ".kong_env").unlink()
    with sole_start(shell.machine, PrefixPaths(str(shell.prefix))):
        assert shell.run("start") == 1
    assert f"Error: Kong is running or being started in {shell.prefix}" in capsys.readouterr().err
    assert shell.launched == []
    assert not (shell.prefix / ".kong_env").exists()
    assert shell.run("start") == 0


@pytest.mark.parametrize("command", [None, "vim notes.txt"])
def test_stale_pid_file_is_removed(shell: Shell, command: str | None) -> None:
    """The node died, and its number may be another program's by now."""
    shell.node_runs(7, command or "")
    if command is None:
        shell.processes.alive.clear()
    assert shell.run("start") == 0
    assert not (shell.prefix / "pids" / "nginx.pid").exists()
    assert len(shell.launched) == 1


def test_dangling_socket_is_removed_with_a_warning(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A node that died cannot have removed it."""
    (shell.prefix / "sockets").mkdir(parents=True)
    path = shell.prefix / "sockets" / "x"
    with socket.socket(socket.AF_UNIX) as dangling:
        dangling.bind(str(path))
    assert shell.run("start") == 0
    assert not path.exists()
    assert f"[warn] found and removed a dangling Unix socket: {path}" in capsys.readouterr().err


def test_node_that_does_not_come_up_is_one_line(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The node's own reason."""
    shell.launch_error = StartFailed("port 8000 is in use")
    assert shell.run("start") == 1
    assert capsys.readouterr().err.startswith("Error: port 8000 is in use\n")


def test_foreground_replaces_the_process(shell: Shell) -> None:
    """nginx_daemon = off keeps the node in the foreground, as containers need."""
    shell.environment["KONG_NGINX_DAEMON"] = "off"
    assert shell.run("start") == 0
    assert shell.launched == []
    assert shell.became[0][0] == "python"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log_level = loud", "log_level has an invalid value: 'loud'"),
        ("database = off", "database = off is not available: the node needs a database"),
        ("error_template_html = /nowhere", "error_template_html: cannot read /nowhere"),
        ("node_id = 7", "node_id must be a valid UUID"),
    ],
)
def test_unusable_configuration_is_refused(
    shell: Shell, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    """The first fault, with file and line."""
    shell.configure(text)
    assert shell.run("start") == 1
    error = capsys.readouterr().err
    assert error.startswith(f"Error: {shell.conf}:4: ")
    assert message in error


def test_warnings_are_shown(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown names are not passed over in silence."""
    shell.configure("databse = x")
    assert shell.run("start") == 0
    assert "unknown property 'databse' is ignored; did you mean 'database'?" in capsys.readouterr().err


def test_migrations_on_request(shell: Shell) -> None:
    """--run-migrations brings the database up to date before the node starts."""
    assert shell.run("start", "--run-migrations") == 0
    assert (shell.prefix / "kong.sqlite").exists()


def test_prepare_only_writes_the_prefix(shell: Shell) -> None:
    """No process is started."""
    assert shell.run("prepare", "-p", str(shell.directory / "other")) == 0
    assert (shell.directory / "other" / ".kong_env").exists()
    assert shell.launched == []


def test_prefix_that_cannot_be_made_is_told(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names the way out."""
    assert shell.run("prepare", "-p", "/proc/kong") == 1
    assert "cannot prepare the prefix /proc/kong" in capsys.readouterr().err


def test_reload_writes_settings_and_signals(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The node reads them again on HUP."""
    shell.node_runs()
    shell.configure("log_level = debug")
    assert shell.run("reload") == 0
    assert shell.processes.sent == [(7, signal.SIGHUP)]
    assert "log_level = debug" in (shell.prefix / ".kong_env").read_text()
    assert capsys.readouterr().out == "Kong reloaded\n"


def test_reload_names_what_needs_a_restart(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator need not look into the log for it; what is taken over is not named."""
    assert shell.run("start") == 0
    shell.node_runs()
    capsys.readouterr()
    shell.configure("log_level = debug\ndb_cache_ttl = 5\n")
    assert shell.run("reload") == 0
    captured = capsys.readouterr()
    assert captured.out == "Kong reloaded\n"
    assert captured.err == "[warn] db_cache_ttl has changed: restart the node for it to take effect\n"


def test_reload_needs_a_node(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to signal."""
    assert shell.run("reload") == 1
    assert f"Error: Kong is not running in {shell.prefix}" in capsys.readouterr().err


def test_restart_stops_first(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a word about the stop, as in Kong."""
    shell.node_runs()
    assert shell.run("restart") == 0
    assert shell.processes.sent == [(7, signal.SIGTERM)]
    assert capsys.readouterr().out == "Kong started\n"


def test_restart_starts_where_nothing_ran(shell: Shell) -> None:
    """A restart is a start then."""
    assert shell.run("restart") == 0
    assert len(shell.launched) == 1


def test_restart_gives_up_on_a_node_that_stays(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """After five seconds; two nodes below one prefix must not be."""
    shell.node_runs()
    shell.processes.deadly.clear()
    assert shell.run("restart") == 1
    assert "did not stop within 5 seconds" in capsys.readouterr().err
    assert shell.now == pytest.approx(5, abs=0.1)


def test_restart_waits_for_the_start_whose_node_it_stopped(shell: Shell) -> None:
    """``kong start`` of a node that waited for its database sees a little later that it has ended."""
    assert shell.run("prepare") == 0
    shell.node_runs()
    with ExitStack() as other:
        other.enter_context(sole_start(shell.machine, PrefixPaths(str(shell.prefix))))
        shell.meanwhile = other.close
        assert shell.run("restart") == 0
    assert len(shell.launched) == 1


def test_restart_does_not_wait_for_ever_for_another_start(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else starts a node there, so it is not missing."""
    assert shell.run("prepare") == 0
    with sole_start(shell.machine, PrefixPaths(str(shell.prefix))):
        assert shell.run("restart") == 1
    assert f"Error: Kong is running or being started in {shell.prefix}" in capsys.readouterr().err
    assert shell.now == pytest.approx(10, abs=0.1)


def test_steps_are_told_on_request(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """--v shows what is done, and no secret."""
    shell.configure("pg_password = hunter2")
    assert shell.run("start", "--v") == 0
    error = capsys.readouterr().err
    assert "[verbose] preparing the prefix" in error
    assert "hunter2" not in error


def test_secrets_stay_in_the_prefix(shell: Shell) -> None:
    """The settings hold them, for the owner only."""
    shell.configure("pg_password = hunter2")
    assert shell.run("start") == 0
    path = Path(shell.prefix / ".kong_env")
    assert "hunter2" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
