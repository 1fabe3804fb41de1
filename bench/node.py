"""Starts this node as a user would: a kong.conf, ``twistd kong``, entities through the Admin API."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.lab import Lab
from bench.process import Process, StartFailed, free_port, run
from bench.servers import ROOT, Running, Site

ADMIN_SECONDS = 30.0
POPULATE_SECONDS = 600.0
START_SECONDS = 60.0
EXPRESSIONS = "expressions"

CONF = """
prefix = {prefix}
proxy_listen = 127.0.0.1:{plain}, 127.0.0.1:{secure} ssl
admin_listen = 127.0.0.1:{admin}
status_listen = off
ssl_cert = {certificate}
ssl_cert_key = {key}
proxy_access_log = {access_log}
router_flavor = {flavor}
admin_access_log = off
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node shall run: its configuration file and its three ports."""

    folder: Path
    conf: Path
    plain: int
    secure: int
    admin: int

    def running(self, process: Process) -> Running:
        """The node as the comparison sees it."""
        return Running(
            "twisted_kong", process, f"http://127.0.0.1:{self.plain}", f"https://127.0.0.1:{self.secure}"
        )


class Node:
    """This node, with the embedded database of a fresh prefix."""

    name = "twisted_kong"

    def __init__(self, *, access_log: bool = False) -> None:
        self._access_log = access_log

    def missing(self) -> str | None:
        """The package must be installed with its ``twistd`` plugin."""
        if find_spec("twisted_kong") is None or find_spec("twisted_kong.tap") is None:
            return "twisted_kong.tap cannot be imported"
        return None if twistd().exists() else f"{twistd()} does not exist"

    def start(self, lab: Lab, site: Site) -> Running:
        """Routes by the thousand are written to the database before the start, all else by the Admin API."""
        place = self.prepare(lab, site)
        process = launch(lab, place)
        admin = AdminClient(place.admin)
        if not site.routes:
            admin.post("/services", {"name": "up", "url": f"http://127.0.0.1:{lab.upstream}"})
            admin.post("/services/up/routes", {"name": "all", "paths": ["/"]})
        if site.keys:
            protect(admin, site.keys)
        return place.running(process)

    def prepare(self, lab: Lab, site: Site) -> Place:
        """Write the configuration, and the Routes of ``site`` into the database."""
        folder = lab.folder(self.name)
        place = Place(folder, folder / "kong.conf", free_port(), free_port(), free_port())
        place.conf.write_text(
            CONF.format(
                prefix=folder / "prefix",
                plain=place.plain,
                secure=place.secure,
                admin=place.admin,
                certificate=lab.certificate,
                key=lab.key,
                flavor=EXPRESSIONS if site.expressions else "traditional_compatible",
                access_log="logs/access.log" if self._access_log else "off",
            )
        )
        if site.routes:
            argv = [
                sys.executable,
                "-m",
                "bench.populate",
                str(place.conf),
                str(site.routes),
                str(lab.upstream),
            ]
            run(argv, seconds=POPULATE_SECONDS, core=lab.load_core, env={"PYTHONPATH": str(ROOT)})
        return place


def twistd() -> Path:
    """The ``twistd`` of the environment that runs the benchmark."""
    return Path(sys.executable).parent / "twistd"


def command(conf: Path) -> list[str]:
    """What starts a node with a configuration in the foreground."""
    return [str(twistd()), "--nodaemon", "--pidfile=", "kong", "--config", str(conf)]


def launch(lab: Lab, place: Place) -> Process:
    """Start ``twistd kong`` and wait for its listeners."""
    process = lab.start(command(place.conf), place.folder)
    process.wait_for_port(place.plain, START_SECONDS)
    process.wait_for_port(place.admin, START_SECONDS)
    return process


def protect(admin: AdminClient, keys: int) -> None:
    """key-auth for ``keys`` Consumers and rate-limiting for everything, with a limit nobody reaches."""
    admin.post("/plugins", {"name": "key-auth"})
    limit = {"minute": 1_000_000_000, "policy": "local", "limit_by": "consumer"}
    admin.post("/plugins", {"name": "rate-limiting", "config": limit})
    for number in range(keys):
        admin.post("/consumers", {"username": f"user-{number}"})
        admin.post(f"/consumers/user-{number}/key-auth", {"key": f"key-{number}"})


class AdminClient:
    """One keep-alive connection to the Admin API."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ADMIN_SECONDS)

    def post(self, path: str, record: Mapping[str, Any]) -> Any:
        """Create an entity and return it.

        :raises StartFailed: the answer is not 201.
        """
        return self._ask("POST", path, json.dumps(record), 201)

    def delete(self, path: str) -> None:
        """Remove an entity; a missing one is no error."""
        self._ask("DELETE", path, None, 204)

    def _ask(self, method: str, path: str, body: str | None, expected: int) -> Any:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            raise StartFailed(f"{method} {path}: {answer.status} {text[:400].decode(errors='replace')}")
        return json.loads(text) if text else None
