"""``kong`` and ``twistd kong`` as real processes around a real node."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.site import TWISTD, Site, foreground, listens, new_site, taken
from tests.kit.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with new_site(tmp_path) as site:
        yield site


def test_life_of_a_node(site: Site) -> None:
    """start returns when the node serves; health, reload and quit find it; no process is left."""
    started = site.kong("start", "-c", str(site.conf))
    assert (started.returncode, started.stdout, started.stderr) == (0, "Kong started\n", "")
    assert site.admin("GET", "/services").status == 200
    assert site.proxy("/").status == 404
    assert site.kong("health", "-p", str(site.prefix)).returncode == 0
    again = site.kong("start", "-c", str(site.conf))
    assert again.returncode == 1
    assert f"Error: Kong is already running in {site.prefix}" in again.stderr
    assert site.admin("GET", "/services").status == 200

    site.configure("log_level = warn\n")
    assert site.kong("reload", "-c", str(site.conf)).stdout == "Kong reloaded\n"
    level = {"message": "log level: warn"}
    wait_for(lambda: site.admin("GET", "/debug/node/log-level").json == level)
    stopped = site.kong("quit", "-p", str(site.prefix))
    assert (stopped.returncode, stopped.stdout) == (0, "Kong stopped (gracefully)\n")
    assert site.pid() is None
    assert not listens(site.port)
    assert site.kong("health", "-p", str(site.prefix)).returncode == 1


def test_stop_and_restart(site: Site) -> None:
    """restart starts where nothing runs, and replaces what runs; stop ends it at once; nothing is lost."""
    assert site.kong("restart", "-c", str(site.conf)).stdout == "Kong started\n"
    first = site.pid()
    assert site.admin("POST", "/services", {"name": "kept", "host": "x"}).status == 201
    assert site.kong("restart", "-c", str(site.conf)).stdout == "Kong started\n"
    assert site.pid() not in (None, first)
    assert site.admin("GET", "/services/kept").status == 200
    assert site.kong("stop", "-p", str(site.prefix)).stdout == "Kong stopped\n"
    assert site.pid() is None


def test_node_that_was_killed_can_be_started_again(site: Site) -> None:
    """Its pid file is stale."""
    assert site.kong("start", "-c", str(site.conf)).returncode == 0
    pid = site.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not listens(site.port))
    assert site.pid() == pid
    assert site.kong("health", "-p", str(site.prefix)).returncode == 1
    again = site.kong("start", "-c", str(site.conf))
    assert (again.stdout, again.stderr) == ("Kong started\n", "")
    assert site.pid() != pid


def test_rotated_logs_are_reopened(site: Site) -> None:
    """USR1, as logrotate sends it to nginx: error log and access logs go on in new files."""
    site.configure("proxy_access_log = logs/access.log\n")
    assert site.kong("start", "-c", str(site.conf)).returncode == 0
    logs = [site.prefix / "logs" / name for name in ("error.log", "access.log")]
    for log in logs:
        log.rename(f"{log}.1")
    pid = site.pid()
    assert pid is not None
    os.kill(pid, signal.SIGUSR1)
    wait_for(lambda: all(log.exists() for log in logs))
    site.proxy("/rotated")
    wait_for(lambda: "/rotated" in logs[1].read_text())
    assert "/rotated" not in Path(f"{logs[1]}.1").read_text()


@pytest.mark.parametrize("command", ["kong", "twistd"])
@pytest.mark.parametrize("listener", ["proxy", "admin"])
def test_port_in_use_is_one_line(site: Site, command: str, listener: str) -> None:
    """Exit code 1, the reason on standard error, and no process left."""
    port = site.port if listener == "proxy" else site.admin_port
    with taken(port):
        if command == "kong":
            failed = site.kong("start", "-c", str(site.conf))
        else:
            failed = site.twistd("-c", str(site.conf))
    assert failed.returncode == 1
    line = failed.stderr.splitlines()[0]
    assert line.startswith(f"Error: Couldn't listen on 127.0.0.1:{port}")
    assert "Traceback" not in failed.stderr + failed.stdout
    assert site.pid() is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("log_level = loud\n", "log_level has an invalid value: 'loud'"),
        ("database = cassandra\n", "database = cassandra is not available in this version yet"),
        ("prefix = /proc/kong\n", "cannot prepare the prefix /proc/kong"),
        ("ssl_cert = /x\nssl_cert_key = /y\n", "ssl_cert: failed loading certificate from /x"),
        ("plugins = bundled,nonsense\n", "plugin 'nonsense' is enabled but not installed"),
    ],
)
def test_unusable_configuration_is_one_line(site: Site, text: str, reason: str) -> None:
    """The same line from both commands, with file and line where there is one."""
    site.configure(text)
    for failed in (site.kong("start", "-c", str(site.conf)), site.twistd("-c", str(site.conf))):
        assert failed.returncode == 1
        lines = [line for line in failed.stderr.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, failed.stderr
        assert reason in lines[0]
        assert "Traceback" not in failed.stderr + failed.stdout


def test_missing_configuration_is_one_line(site: Site) -> None:
    """A file that was named and is not there is no reason to take another one."""
    path = str(site.directory / "none.conf")
    for failed in (site.kong("start", "-c", path), site.twistd("-c", path)):
        assert failed.returncode == 1
        assert f"Error: no file at: {path}" in failed.stderr
        assert "Traceback" not in failed.stderr + failed.stdout


# Python imports sitecustomize by itself.
FAULT = """
import twisted_kong.service.build as build

def fault(conf):
    raise ZeroDivisionError("a fault of ours")

build.replies_of = fault
"""


def test_fault_of_ours_is_one_line_here_and_a_traceback_in_the_log(site: Site) -> None:
    """The operator gets the line, whoever mends it the rest."""
    (site.directory / "sitecustomize.py").write_text(FAULT)
    site.environment["PYTHONPATH"] = f"{site.directory}{os.pathsep}{site.environment['PYTHONPATH']}"
    failed = site.kong("start", "-c", str(site.conf))
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: a fault of ours\n")
    assert "ZeroDivisionError" in site.error_log


def test_service_manager_is_kept_informed(site: Site) -> None:
    """As under systemd: ready, beats of the watchdog, stopping."""
    address = f"@twisted-kong-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind("\0" + address[1:])
        inbox.settimeout(PATIENCE)
        node = site.spawn(NOTIFY_SOCKET=address, WATCHDOG_USEC="150000")
        messages: list[str] = []
        while not {"READY=1", "WATCHDOG=1"} <= {message.partition("\n")[0] for message in messages}:
            messages.append(inbox.recv(4096).decode())
        assert inbox.recv(4096) == b"WATCHDOG=1"
        node.send_signal(signal.SIGTERM)
        while "STOPPING=1\nSTATUS=stopping" not in messages:
            messages.append(inbox.recv(4096).decode())
        assert node.wait(PATIENCE) == -signal.SIGTERM


def test_twistd_lists_and_explains_kong(site: Site) -> None:
    """Its options are those of the reference."""
    shown = site.twistd("--help")
    assert shown.returncode == 0
    for option in ("--config", "--prefix", "--set", "--log-files", "--kong-env"):
        assert option in shown.stdout


def test_chosen_reactor_wins(site: Site) -> None:
    """--reactor is obeyed; else it is the lean one."""
    site.configure("log_level = notice\n")
    for chosen, name in ((("--reactor=poll",), "PollReactor"), ((), "LeanReactor")):
        with taken(site.port):
            done = site.run(TWISTD, *chosen, *foreground("-c", str(site.conf)))
        assert f".{name}." in done.stdout
