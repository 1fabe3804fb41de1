"""A real Chromium, and pages of other origins for it to show."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

# Names that all lead to this machine, as an attacker's own name server would have them.
NAMES = ("evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "gui.test")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The browser's program; skips where it, or what drives it, is missing."""
    pytest.importorskip("playwright.sync_api", reason="no playwright here to drive a browser")
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("no Chromium here")
    return found


@contextmanager
def running_browser() -> Iterator[Any]:
    """A browser for which all of :data:`NAMES` are this machine."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    rules = ", ".join(f"MAP {name} 127.0.0.1" for name in NAMES)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", f"--host-resolver-rules={rules}"],
        )
        try:
            yield browser
        finally:
            browser.close()


class _Page(BaseHTTPRequestHandler):
    """An empty page at every path; ``/to/…`` sends on whatever is sent to it, method and body included."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        place = self.path.removeprefix("/to/")
        self.send_response(200 if place == self.path else 307)
        if place != self.path:
            self.send_header("Location", place)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _answer  # noqa: N815 - the names are http.server's

    @override
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@contextmanager
def page_server() -> Iterator[int]:
    """Serves pages on loopback, under every name that leads there; gives the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
