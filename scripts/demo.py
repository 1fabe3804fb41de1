"""Runs a gateway to try out: a small upstream, ``twistd kong``, two calls of the Admin API.

Everything it writes is in a temporary folder that is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from typing_extensions import override

START_SECONDS = 30.0
STOP_SECONDS = 10.0
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

CONF = """\
# All else is the default: the embedded database, kept below the prefix.
prefix = {prefix}
proxy_listen = 127.0.0.1:{proxy}
admin_listen = 127.0.0.1:{admin}
status_listen = off
"""

INVITATION = """
The gateway is running.

  proxy       http://127.0.0.1:{proxy}
  Admin API   http://127.0.0.1:{admin}
  upstream    http://127.0.0.1:{upstream}   (Service "hello" with the Route /hello)
  files       {prefix}   (configuration, log, database; removed at the end)

Try it in another terminal:

  {first}

Ask for a key, and the same request is refused at once; take that back, and it passes again:

  curl -i -d name=key-auth -d instance_name=guard http://127.0.0.1:{admin}/services/hello/plugins
  curl -i -X DELETE http://127.0.0.1:{admin}/plugins/guard

Put a server of your own behind it, under /mine:

  curl -i -d name=mine -d url=http://HOST:PORT http://127.0.0.1:{admin}/services
  curl -i -d paths=/mine http://127.0.0.1:{admin}/services/mine/routes

More of this is in docs/how-to/first-steps.md.
Ctrl-C stops everything.
"""
CURL = "curl -i {url}"
WITHOUT_CURL = "python3 -c 'from urllib.request import urlopen; print(urlopen(\"{url}\").read().decode())'"


class DemoFailed(Exception):
    """What went wrong, in one line for the user."""


class Echo(BaseHTTPRequestHandler):
    """Answers with what the upstream got to see of the request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say hello and show what came."""
        length = int(self.headers.get("Content-Length", 0))
        seen = {
            "hello": "from the upstream",
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers.items()),
            "body": self.rfile.read(length).decode(errors="replace"),
        }
        body = json.dumps(seen, indent=2).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 (http.server looks for these names)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the gateway has an access log."""


@contextmanager
def upstream() -> Iterator[int]:
    """Run the upstream in a thread; yields its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def claim(*ports: int) -> list[int]:
    """The ``ports``, with different free ones for those that are 0.

    :raises DemoFailed: someone else listens there; names each such port.
    """
    refused, claimed = [], []
    with ExitStack() as stack:
        for port in ports:
            probe = stack.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                refused.append(f"Port {port} cannot be used: {error.strerror}.")
            claimed.append(probe.getsockname()[1])
    if refused:
        refused.append("Stop what listens there, or let free ports be found:")
        refused.append("  sh scripts/demo --proxy-port 0 --admin-port 0")
        raise DemoFailed("\n".join(refused))
    return claimed


def ask(url: str, record: dict[str, Any] | None = None) -> bytes:
    """GET ``url``, or POST ``record`` to it as JSON, and return the body of the answer."""
    data = None if record is None else json.dumps(record).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    # Loopback is never reached through the proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=ANSWER_SECONDS) as answer:
        return bytes(answer.read())


@contextmanager
def node(conf: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``twistd kong`` and stop it at the end."""
    twistd = Path(sys.executable).with_name("twistd")
    command = [str(twistd), "--nodaemon", "--pidfile=", "kong", "--config", str(conf)]
    with log.open("wb") as out:
        # A session of its own, so that Ctrl-C reaches us alone and we stop things in order.
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until_up(child: subprocess.Popen[bytes], admin: str, log: Path) -> None:
    """Return once the Admin API answers.

    :raises DemoFailed: the node ended, or took too long; with the last lines of its output.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            ask(f"{admin}/status")
            return
        except urllib.error.HTTPError as error:
            raise DemoFailed(f"{error.url} answered {error.code}: {error.read().decode()}") from error
        except OSError:
            time.sleep(POLL_SECONDS)
    last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    ended = "did not start in time" if child.poll() is None else f"ended with {child.returncode}"
    raise DemoFailed(f"the node {ended}. Its last lines:\n{last}")


def first_answer(admin: str, proxy: str, port: int) -> str:
    """Add the Service and its Route and return what the first request through the gateway gets."""
    try:
        ask(f"{admin}/services", {"name": "hello", "url": f"http://127.0.0.1:{port}"})
        ask(f"{admin}/services/hello/routes", {"name": "hello", "paths": ["/hello"]})
        return ask(f"{proxy}/hello/you").decode()
    except urllib.error.HTTPError as error:
        raise DemoFailed(f"{error.url} answered {error.code}: {error.read().decode()}") from error
    except OSError as error:
        raise DemoFailed(f"no answer: {error}") from error


def invitation(*, proxy: int, admin: int, upstream: int, prefix: Path) -> str:
    """What to try; the first request is one that this machine can make."""
    url = f"http://127.0.0.1:{proxy}/hello/you"
    first = (CURL if shutil.which("curl") else WITHOUT_CURL).format(url=url)
    return INVITATION.format(proxy=proxy, admin=admin, upstream=upstream, prefix=prefix, first=first)


def demo(proxy: int, admin: int, *, check: bool) -> None:
    """Start everything; then show the first answer, or wait for Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="kong-demo-") as folder, upstream() as port:
        prefix = Path(folder)
        conf, log = prefix / "kong.conf", prefix / "twistd.log"
        conf.write_text(CONF.format(prefix=prefix / "node", proxy=proxy, admin=admin))
        with node(conf, log) as child:
            wait_until_up(child, f"http://127.0.0.1:{admin}", log)
            answer = first_answer(f"http://127.0.0.1:{admin}", f"http://127.0.0.1:{proxy}", port)
            if check:
                print(f"GET http://127.0.0.1:{proxy}/hello/you\n{answer}", end="")
                return
            print(invitation(proxy=proxy, admin=admin, upstream=port, prefix=prefix), flush=True)
            raise DemoFailed(
                f"the node ended with {child.wait()}:\n{log.read_text(errors='replace')[-2000:]}"
            )


def interrupted(*_: object) -> None:
    """End at Ctrl-C or a signal; at the first only, so that an impatient second leaves nothing running."""
    for sign in ENDING:
        signal.signal(sign, signal.SIG_IGN)
    raise KeyboardInterrupt


def port_number(text: str) -> int:
    """A port for argparse, which tells the user what a ValueError is about."""
    if not 0 <= int(text) <= 65535:
        raise ValueError
    return int(text)


def main() -> int:
    """Read the command line and run; 1 with one clear message when something is in the way."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="A gateway to try out.")
    parser.add_argument("--proxy-port", type=port_number, default=8000, help="default 8000; 0: any free one")
    parser.add_argument("--admin-port", type=port_number, default=8001, help="default 8001; 0: any free one")
    parser.add_argument("--check", action="store_true", help="make one request on free ports, print it, stop")
    chosen = parser.parse_args()
    if chosen.check:
        chosen.proxy_port = chosen.admin_port = 0
    for sign in ENDING:
        signal.signal(sign, interrupted)
    try:
        proxy, admin = claim(chosen.proxy_port, chosen.admin_port)
        demo(proxy, admin, check=chosen.check)
    except DemoFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
