"""The proxies we compare with: nginx, haproxy, Go's ReverseProxy, twisted.web.proxy."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from bench.lab import Lab
from bench.nginx import nginx
from bench.process import Process, StartFailed, free_port

# Those that take part wherever a scenario names no others.
ALL = ("nginx", "haproxy", "go", "twisted.web", "twisted_kong")
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Site:
    """What a proxy shall serve: everything, or ``routes`` Routes, or those to holders of ``keys`` keys.

    Route n is the path prefix ``/route-n``, key n the text ``key-n`` in the header ``apikey``.
    ``expressions``: where the proxy knows them, Routes are written so.
    """

    routes: int = 0
    keys: int = 0
    expressions: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that listens; ``secure`` is None where it has no TLS listener."""

    name: str
    process: Process
    plain: str
    secure: str | None = None


class Contestant(Protocol):
    """A kind of proxy that can be started."""

    @property
    def name(self) -> str:
        """The name in the tables and for ``--servers``."""

    def missing(self) -> str | None:
        """Why it cannot run on this machine, or None."""

    def start(self, lab: Lab, site: Site) -> Running:
        """Start it on the proxy's core and return once it listens."""


def measure_each(
    contestants: Sequence[Contestant], measure: Callable[[Contestant], dict[str, object]]
) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    """What ``measure`` finds of each, and why some had to be left out."""
    found: list[dict[str, object]] = []
    notes: list[str] = []
    for contestant in contestants:
        reason = contestant.missing()
        if reason is None:
            try:
                found.append(measure(contestant))
                continue
            except (StartFailed, OSError, HTTPException) as error:
                reason = str(error)
        notes.append(f"{contestant.name} left out: {reason}")
    return found, tuple(notes)


PROXY = """
upstream up {{
    server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 600s;
}}
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
proxy_request_buffering off; proxy_max_temp_file_size 0;
{http}
server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{secure} ssl backlog=4096;
    ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
    {server}
}}
"""


class Nginx:
    """nginx as a bare reverse proxy: whatever the scenario, one ``location /``. The measure of all ratios."""

    name = "nginx"

    def missing(self) -> str | None:
        """nginx must be installed."""
        return None if shutil.which("nginx") else "nginx is not installed"

    def start(self, lab: Lab, site: Site) -> Running:
        """One worker, upstream keep-alive, no access log, nothing written to disk."""
        folder = lab.folder(self.name)
        plain, secure = free_port(), free_port()
        http = PROXY.format(
            upstream=lab.upstream,
            plain=plain,
            secure=secure,
            certificate=lab.certificate,
            key=lab.key,
            http=self.http_block(site),
            server=self.server_block(site),
        )
        process = lab.start(nginx(folder, http), folder)
        process.wait_for_port(plain)
        return Running(self.name, process, f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}")

    def http_block(self, site: Site) -> str:
        """Directives beside the server block."""
        return ""

    def server_block(self, site: Site) -> str:
        """Directives within it."""
        return "location / { proxy_pass http://up; }"


class NginxRoutes(Nginx):
    """nginx doing the scenario's work: a ``location`` per Route, keys in a ``map``, ``limit_req`` per key."""

    name = "nginx-routes"

    @override
    def http_block(self, site: Site) -> str:
        if not site.keys:
            return ""
        keys = " ".join(f"key-{number} 1;" for number in range(site.keys))
        zone = "limit_req_zone $http_apikey zone=keys:10m rate=1000000r/s;"
        return f'map $http_apikey $known {{ default ""; {keys} }} {zone}'

    @override
    def server_block(self, site: Site) -> str:
        if not site.routes:
            return super().server_block(site)
        guard = ""
        if site.keys:
            guard = 'if ($known = "") { return 401; } limit_req zone=keys burst=1000000 nodelay;'
        places = "\n".join(
            f"location /route-{number}/ {{ proxy_pass http://up/; }}" for number in range(site.routes)
        )
        return f"{guard}\n{places}"


HAPROXY_CONF = """
global
    nbthread 1
    maxconn 7000
    tune.ssl.default-dh-param 2048
defaults
    mode http
    timeout connect 10s
    timeout client 600s
    timeout server 600s
    option http-keep-alive
    http-reuse always
frontend in
    bind 127.0.0.1:{plain} backlog 4096
    bind 127.0.0.1:{secure} ssl crt {bundle} backlog 4096
    {rule}
backend up
    server up 127.0.0.1:{upstream}
"""


class Haproxy:
    """haproxy in HTTP mode with one thread; Routes are a prefix map, keys are not taken part in."""

    name = "haproxy"

    def missing(self) -> str | None:
        """haproxy must be installed."""
        return None if shutil.which("haproxy") else "haproxy is not installed"

    def start(self, lab: Lab, site: Site) -> Running:
        """One thread, connections to the upstream shared by all clients."""
        folder = lab.folder(self.name)
        plain, secure = free_port(), free_port()
        bundle, table, conf = folder / "bundle.pem", folder / "routes.map", folder / "haproxy.cfg"
        bundle.write_text(lab.certificate.read_text() + lab.key.read_text())
        table.write_text("".join(f"/route-{number}/ up\n" for number in range(site.routes)))
        rule = f"use_backend %[path,map_beg({table},none)]" if site.routes else "default_backend up"
        text = HAPROXY_CONF.format(
            plain=plain, secure=secure, bundle=bundle, rule=rule, upstream=lab.upstream
        )
        conf.write_text(text)
        process = lab.start(["haproxy", "-db", "-f", str(conf)], folder)
        process.wait_for_port(plain)
        return Running(self.name, process, f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}")


class GoProxy:
    """Go's ``httputil.ReverseProxy``."""

    name = "go"

    def missing(self) -> str | None:
        """The Go compiler must be installed."""
        return None if shutil.which("go") else "go is not installed"

    def start(self, lab: Lab, site: Site) -> Running:
        """Built once a session; it sees one core, so GOMAXPROCS is 1."""
        folder = lab.folder(self.name)
        plain, secure = free_port(), free_port()
        argv = [str(lab.go_program()), "-listen", f"127.0.0.1:{plain}", "-tls-listen", f"127.0.0.1:{secure}"]
        argv += ["-certificate", str(lab.certificate), "-key", str(lab.key)]
        argv += ["-upstream", f"http://127.0.0.1:{lab.upstream}"]
        process = lab.start(argv, folder)
        process.wait_for_port(plain)
        return Running(self.name, process, f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}")


class TwistedWeb:
    """``twisted.web.proxy.ReverseProxyResource``: no keep-alive to the upstream, bodies held in memory."""

    name = "twisted.web"

    def missing(self) -> str | None:
        """Twisted is our own dependency."""
        return None

    def start(self, lab: Lab, site: Site) -> Running:
        """On Twisted's default reactor; without a TLS listener."""
        folder = lab.folder(self.name)
        plain = free_port()
        argv = [sys.executable, "-m", "bench.twisted_web", str(plain), str(lab.upstream)]
        process = lab.start(argv, folder, env={"PYTHONPATH": str(ROOT)})
        process.wait_for_port(plain)
        return Running(self.name, process, f"http://127.0.0.1:{plain}")
