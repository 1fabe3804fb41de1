"""``kong`` and ``twistd kong`` as real processes around a node that does nothing but listen."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

PATIENCE = 30.0

# Takes the place of the composition root in the node's process: Python imports sitecustomize by itself.
STUB = """
import sys, types
from twisted.application.service import Service

def make_service(conf, reactor, *, error_log):
    from twisted.internet.defer import Deferred
    from twisted.internet.protocol import Factory
    from twisted.logger import Logger

    class Node(Service):
        log = Logger()

        def startService(self):
            super().startService()
            self.up = Deferred()
            reactor.callLater(0.05, self.listen)

        def listen(self):
            if conf.plugins == ("off",):
                self.up.errback(ZeroDivisionError("a fault of ours"))
                return
            try:
                for listener in conf.proxy_listen:
                    factory = Factory.forProtocol(lambda: None)
                    reactor.listenTCP(listener.port, factory, interface=listener.host)
            except Exception:
                self.up.errback()
            else:
                self.up.callback(None)

        def when_ready(self):
            return self.up

        async def drain(self):
            self.log.error("drained")

        async def reload(self, conf):
            self.log.error("reloaded with {chosen}", chosen=conf.log_level)

        def reopen_logs(self):
            self.log.error("reopened")

    return Node()

module = types.ModuleType("twisted_kong.service")
module.make_service = make_service
sys.modules["twisted_kong.service"] = module
"""


class Site:
    """A directory with kong.conf and prefix, and commands run in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.prefix = directory / "node"
        self.conf = directory / "kong.conf"
        stub = directory / "stub"
        stub.mkdir()
        (stub / "sitecustomize.py").write_text(STUB)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KONG_")}
        paths = [str(stub), str(Path(__file__).parents[2]), *filter(None, [inherited.get("PYTHONPATH")])]
        self.environment = {**inherited, "PYTHONPATH": os.pathsep.join(paths)}
        self.port = free_port()
        self.configure()

    def configure(self, text: str = "") -> None:
        """Write kong.conf: one proxy listener, none for the Admin API, and ``text``."""
        own = f"prefix = {self.prefix}\nproxy_listen = 127.0.0.1:{self.port}\nadmin_listen = off\n"
        self.conf.write_text(own + text)

    def kong(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``kong``."""
        return self.run("from twisted_kong.cli import main; main()", *arguments)

    def twistd(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``twistd`` in the foreground until it ends."""
        program = "from twisted.scripts.twistd import run; run()"
        return self.run(program, "--nodaemon", "--pidfile=", "kong", *arguments)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program with arguments."""
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def pid(self) -> int | None:
        """The process id in the pid file."""
        path = self.prefix / "pids" / "nginx.pid"
        return int(path.read_text()) if path.exists() else None

    def log_has(self, text: str) -> bool:
        """Wait for a text in the error log."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if text in (self.prefix / "logs" / "error.log").read_text():
                return True
            time.sleep(0.02)
        return False


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose node is killed in the end."""
    site = Site(tmp_path)
    yield site
    pid = site.pid()
    if pid is not None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def test_life_of_a_node(site: Site) -> None:
    """start returns when the node listens; health, reload and quit find it; no process is left."""
    started = site.kong("start", "-c", str(site.conf))
    assert (started.returncode, started.stdout, started.stderr) == (0, "Kong started\n", "")
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE):
        pass
    assert site.kong("health", "-p", str(site.prefix)).returncode == 0
    again = site.kong("start", "-c", str(site.conf))
    assert again.returncode == 1
    assert f"Error: Kong is already running in {site.prefix}" in again.stderr

    site.configure("log_level = warn\n")
    assert site.kong("reload", "-c", str(site.conf)).stdout == "Kong reloaded\n"
    assert site.log_has("reloaded with warn")
    stopped = site.kong("quit", "-p", str(site.prefix))
    assert (stopped.returncode, stopped.stdout) == (0, "Kong stopped (gracefully)\n")
    assert site.log_has("drained")
    assert site.pid() is None
    assert site.kong("health", "-p", str(site.prefix)).returncode == 1


def test_stop_and_restart(site: Site) -> None:
    """restart starts where nothing runs, and replaces what runs; stop ends it at once."""
    assert site.kong("restart", "-c", str(site.conf)).stdout == "Kong started\n"
    first = site.pid()
    assert site.kong("restart", "-c", str(site.conf)).stdout == "Kong started\n"
    assert site.pid() not in (None, first)
    assert site.kong("stop", "-p", str(site.prefix)).stdout == "Kong stopped\n"
    assert site.pid() is None


def test_node_that_was_killed_can_be_started_again(site: Site) -> None:
    """Its pid file is stale."""
    assert site.kong("start", "-c", str(site.conf)).returncode == 0
    pid = site.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while site.kong("health", "-p", str(site.prefix)).returncode == 0:
        assert time.monotonic() < deadline
    assert site.kong("start", "-c", str(site.conf)).stdout == "Kong started\n"


def test_rotated_log_is_reopened(site: Site) -> None:
    """USR1, as logrotate sends it to nginx."""
    assert site.kong("start", "-c", str(site.conf)).returncode == 0
    log = site.prefix / "logs" / "error.log"
    log.rename(f"{log}.1")
    pid = site.pid()
    assert pid is not None
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE
    while not log.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert site.log_has("reopened")


@pytest.mark.parametrize("command", ["kong", "twistd"])
def test_port_in_use_is_one_line(site: Site, command: str) -> None:
    """Exit code 1, the reason on standard error, and no process left."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()
        if command == "kong":
            failed = site.kong("start", "-c", str(site.conf))
        else:
            failed = site.twistd("-c", str(site.conf))
    assert failed.returncode == 1
    line = failed.stderr.splitlines()[0]
    assert line.startswith(f"Error: Couldn't listen on 127.0.0.1:{site.port}")
    assert "Traceback" not in failed.stderr
    assert site.pid() is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("log_level = loud\n", "log_level has an invalid value: 'loud'"),
        ("database = postgres\n", "database = postgres is not available in this version yet"),
        ("prefix = /proc/kong\n", "cannot prepare the prefix /proc/kong"),
        ("ssl_cert = /x\nssl_cert_key = /y\n", "ssl_cert: failed loading certificate from /x"),
    ],
)
def test_unusable_configuration_is_one_line(site: Site, text: str, reason: str) -> None:
    """The same line from both commands, with file and line where there is one."""
    site.configure(text)
    for failed in (site.kong("start", "-c", str(site.conf)), site.twistd("-c", str(site.conf))):
        assert failed.returncode == 1
        (line,) = (line for line in failed.stderr.splitlines() if line.startswith("Error: "))
        assert reason in line
        assert "Traceback" not in failed.stderr


def test_fault_of_ours_is_one_line_here_and_a_traceback_in_the_log(site: Site) -> None:
    """The operator gets the line, whoever mends it the rest."""
    site.configure("plugins = off\n")
    failed = site.kong("start", "-c", str(site.conf))
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: a fault of ours\n")
    assert "ZeroDivisionError" in (site.prefix / "logs" / "error.log").read_text()


def test_service_manager_is_kept_informed(site: Site) -> None:
    """As under systemd: ready, beats of the watchdog, stopping."""
    address = f"@twisted-kong-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind("\0" + address[1:])
        inbox.settimeout(PATIENCE)
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "150000"}
        program = "from twisted.scripts.twistd import run; run()"
        node = subprocess.Popen(
            [sys.executable, "-c", program, "--nodaemon", "--pidfile=", "kong", "-c", str(site.conf)],
            env={**site.environment, **told},
            cwd=site.directory,
            stdout=subprocess.DEVNULL,
        )
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
    program = "from twisted.scripts.twistd import run; run()"
    site.configure("log_level = notice\n")
    for chosen, name in ((("--reactor=poll",), "PollReactor"), ((), "LeanReactor")):
        with socket.socket() as other:
            other.bind(("127.0.0.1", site.port))
            other.listen()
            done = site.run(program, *chosen, "--nodaemon", "--pidfile=", "kong", "-c", str(site.conf))
        assert f".{name}." in done.stdout
