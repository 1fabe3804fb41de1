"""A real node told to end, to hurry, or to take over its configuration, with requests under way."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.kit.certificates import make_certificate
from tests.kit.ports import free_ports
from tests.kit.site import Reply, Site, listens, new_site
from tests.kit.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with new_site(tmp_path) as site:
        yield site


class SlowService:
    """A Service's server that has got a request, and answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.set()
                service.may_answer.wait(PATIENCE)
                self.send_response(200)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"done")

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda request, address: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def service() -> Iterator[SlowService]:
    service = SlowService()
    yield service
    service.close()


class Request(threading.Thread):
    """One request to the proxy, waited for elsewhere."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._site = site
        self.reply: Reply | None = None
        self.failure: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.reply = self._site.proxy("/slow")
        except Exception as failure:
            self.failure = failure


def under_way(site: Site, service: SlowService) -> tuple[subprocess.Popen[str], Request]:
    """A node with a request that its Service has got and not answered."""
    node = site.serve()
    assert site.admin("POST", "/services", {"name": "s", "url": service.url}).status == 201
    assert site.admin("POST", "/services/s/routes", {"paths": ["/slow"]}).status == 201
    request = Request(site)
    assert service.asked.wait(PATIENCE)
    return node, request


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_that_is_to_stop_stops_at_once(
    site: Site, service: SlowService, number: signal.Signals
) -> None:
    """Requests under way are cut off; the process ends by the signal, as supervisors expect."""
    node, request = under_way(site, service)
    node.send_signal(number)
    assert node.wait(PATIENCE) == -number
    request.join(PATIENCE)
    assert request.reply is None
    assert "Traceback" not in site.console


def test_a_node_that_is_to_quit_answers_what_is_under_way(site: Site, service: SlowService) -> None:
    """Nothing new is accepted, the answer is complete, and the process ends with 0."""
    node, request = under_way(site, service)
    with socket.create_connection(("127.0.0.1", site.admin_port)):
        node.send_signal(signal.SIGQUIT)
        wait_for(lambda: not listens(site.port))
        assert node.poll() is None
        assert site.admin("GET", "/services").status == 200
        service.may_answer.set()
        request.join(PATIENCE)
        assert request.reply is not None
        assert (request.reply.status, request.reply.body) == (200, b"done")
        assert node.wait(PATIENCE) == 0
    assert "Traceback" not in site.console


def test_who_loses_patience_with_a_quitting_node_stops_it(site: Site, service: SlowService) -> None:
    """TERM after QUIT: nobody has to wait for the last slow Service."""
    node, request = under_way(site, service)
    node.send_signal(signal.SIGQUIT)
    wait_for(lambda: not listens(site.port))
    node.send_signal(signal.SIGTERM)
    assert node.wait(PATIENCE) == -signal.SIGTERM
    request.join(PATIENCE)
    assert request.reply is None


def test_a_node_at_rest_quits_at_once(site: Site) -> None:
    """Kept-alive connections are no requests."""
    node = site.serve()
    with (
        socket.create_connection(("127.0.0.1", site.port)) as idle,
        socket.create_connection(("127.0.0.1", site.admin_port)),
    ):
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 404")
        node.send_signal(signal.SIGQUIT)
        assert node.wait(PATIENCE) == 0


def shown_name(port: int) -> str:
    """The name in the certificate that a listener shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
        context.wrap_socket(plain) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    (name,) = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def write_pair(directory: Path, name: str) -> str:
    """Write a certificate; the lines of kong.conf that name it."""
    for path, text in zip((f"{name}.crt", f"{name}.key"), make_certificate(name), strict=True):
        (directory / path).write_text(text)
    return f"ssl_cert = {directory / name}.crt\nssl_cert_key = {directory / name}.key\n"


def test_hangup_takes_over_what_can_change(site: Site) -> None:
    """Certificates for new connections, the log level; the log names what needs a restart."""
    (secure,) = free_ports(1)
    listeners = f"proxy_listen = 127.0.0.1:{site.port}, 127.0.0.1:{secure} ssl\n"
    site.configure(listeners + write_pair(site.directory, "old.example"))
    node = site.serve()
    assert shown_name(secure) == "old.example"

    more = "log_level = info\ndb_cache_ttl = 7\n"
    site.configure(listeners + write_pair(site.directory, "new.example") + more)
    node.send_signal(signal.SIGHUP)
    wait_for(lambda: "configuration reloaded" in site.console)
    assert shown_name(secure) == "new.example"
    assert "db_cache_ttl has changed: restart the node for it to take effect" in site.console
    assert "ssl_cert has changed" not in site.console
    assert site.admin("GET", "/debug/node/log-level").json == {"message": "log level: info"}


def test_hangup_with_a_bad_configuration_changes_nothing(site: Site) -> None:
    """As nginx does: the fault is logged, and the node serves on as it was."""
    node = site.serve()
    site.configure("log_level = loud\n")
    node.send_signal(signal.SIGHUP)
    wait_for(lambda: "not reloaded: " in site.console)
    assert "log_level has an invalid value: 'loud'" in site.console
    assert "Traceback" not in site.console
    assert site.admin("GET", "/debug/node/log-level").json == {"message": "log level: notice"}
