"""A node as an operator has it: a directory with kong.conf and prefix, and real processes started in it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.kit.databases import database_settings
from tests.kit.ports import free_ports
from tests.kit.waiting import PATIENCE, wait_for

ROOT = Path(__file__).parents[2]
KONG = "from twisted_kong.cli import main; main()"
TWISTD = "from twisted.scripts.twistd import run; run()"
# Runs twistd without root's right to read and write what nobody may (CAP_DAC_OVERRIDE and _READ_SEARCH are
# taken out of the bounding set, which counts from the next exec on).
UNPRIVILEGED = f"""
import ctypes, os, sys
for capability in (1, 2):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", {TWISTD!r}, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Reply:
    """The answer to one request."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Site:
    """One directory; whatever was started in it is killed by :meth:`clear`.

    Proxy and Admin API listen on loopback, at ports that were free when the site was made.

    :param shared: the directory that the sites of one cluster have their database from.
    """

    def __init__(self, directory: Path, shared: Path | None = None) -> None:
        self.directory = directory
        self._shared = directory if shared is None else shared
        self.prefix = directory / "node"
        self.conf = directory / "kong.conf"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KONG_")}
        paths = [str(ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
        self.environment = {**inherited, "PYTHONPATH": os.pathsep.join(paths)}
        self.port, self.admin_port = free_ports(2)
        self._processes: list[subprocess.Popen[str]] = []
        self.configure()

    @property
    def database(self) -> Path:
        """The database file."""
        return self.prefix / "kong.sqlite"

    @property
    def error_log(self) -> str:
        """What a node in the background has logged."""
        return (self.prefix / "logs" / "error.log").read_text()

    def configure(self, text: str = "") -> None:
        """Write kong.conf: listeners, database, no access logs, and ``text``, which may say otherwise."""
        own = {
            "prefix": self.prefix,
            "proxy_listen": f"127.0.0.1:{self.port}",
            "admin_listen": f"127.0.0.1:{self.admin_port}",
            "status_listen": "off",
            "proxy_access_log": "off",
            "admin_access_log": "off",
        }
        said = {line.partition("=")[0].strip() for line in text.splitlines()}
        # Who names a database means that one, and nothing of the one that was chosen for the tests.
        chosen = {} if "database" in said else database_settings(self._shared)
        own |= chosen
        if self._shared != self.directory and not chosen:
            own["sqlite_path"] = self._shared / "kong.sqlite"
        lines = [f"{name} = {value}\n" for name, value in own.items() if name not in said]
        self.conf.write_text("".join(lines) + text)

    def kong(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``kong``."""
        return self.run(KONG, *arguments)

    def twistd(self, *arguments: str, program: str = TWISTD) -> subprocess.CompletedProcess[str]:
        """Run ``twistd kong`` in the foreground until it ends."""
        return self.run(program, *foreground(*arguments))

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program with arguments."""
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def spawn(
        self, *arguments: str, program: Sequence[str] = ("-c", TWISTD), **environment: str
    ) -> subprocess.Popen[str]:
        """Start ``twistd kong`` in the foreground and leave it running; ``console.log`` has its output.

        :param program: what Python runs instead of twistd.
        """
        with (self.directory / "console.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *program, *foreground("-c", str(self.conf), *arguments)],
                cwd=self.directory,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                text=True,
            )
        self._processes.append(process)
        return process

    def serve(self, *arguments: str) -> subprocess.Popen[str]:
        """Start ``twistd kong`` in the foreground; returns when it serves."""
        process = self.spawn(*arguments)
        wait_for(lambda: process.poll() is not None or listens(self.port))
        assert process.poll() is None, self.console
        return process

    @property
    def console(self) -> str:
        """What processes in the foreground have written."""
        return (self.directory / "console.log").read_text()

    def admin(self, method: str, path: str, record: Any = None) -> Reply:
        """One request to the Admin API."""
        return self.ask(self.admin_port, method, path, record)

    def proxy(self, path: str, **headers: str) -> Reply:
        """One request to the proxy."""
        return self.ask(self.port, "GET", path, None, headers)

    def pid(self) -> int | None:
        """The process id in the pid file."""
        try:
            return int((self.prefix / "pids" / "nginx.pid").read_text())
        except FileNotFoundError:
            return None

    def log_has(self, text: str) -> bool:
        """Wait for a text in the error log."""
        return bool(wait_for(lambda: text in self.error_log))

    def clear(self) -> None:
        """Kill whatever still runs."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        pid = self.pid()
        if pid is not None and str(self.prefix) in command_of(pid):
            os.kill(pid, signal.SIGKILL)

    def ask(
        self,
        port: int,
        method: str,
        path: str,
        record: Any = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Reply:
        """One request to whatever listens on a port."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            body = None if record is None else json.dumps(record)
            kind = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, {**headers, **kind})
            answer = connection.getresponse()
            answered = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, answer.read(), answered)
        finally:
            connection.close()


@contextmanager
def new_site(directory: Path) -> Iterator[Site]:
    """A site that is cleared in the end."""
    site = Site(directory)
    try:
        yield site
    finally:
        site.clear()


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Listen on a port, so that nobody else can."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


def listens(port: int) -> bool:
    """Whether somebody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except OSError:
        return False
    return True


def command_of(pid: int) -> str:
    """The command line of a process, empty if there is none of this id."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def foreground(*arguments: str) -> tuple[str, ...]:
    """The arguments of twistd that keep a node in the foreground without a pid file."""
    return ("--nodaemon", "--pidfile=", "kong", *arguments)
