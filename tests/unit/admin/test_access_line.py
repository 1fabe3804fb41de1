"""Lines of the access log of the Admin API."""

from __future__ import annotations

from typing import Any

from tests.kit.bundled import bundled
from twisted_kong.admin.access_line import access_line
from twisted_kong.admin.masking import Masking
from twisted_kong.core.schema.registry import build_schemas


class Request:
    """What a line is made of."""

    method, uri, clientproto = b"GET", b"/key-auths/hunter2?key=hunter3", b"HTTP/1.1"
    code, sentLength = 200, 5  # noqa: N815 - Twisted's names
    headers = {b"referer": b"https://manager.example/x?token=hunter4", b"user-agent": b"deck"}

    def getClientAddress(self) -> Any:  # noqa: N802
        return None

    def getHeader(self, name: bytes) -> bytes | None:  # noqa: N802
        return self.headers.get(name)


def test_line_shows_no_credential() -> None:
    """Neither that of the path, nor of the query, nor of the page that the request came from."""
    line = access_line(Request(), Masking(build_schemas(bundled("key-auth")).values()), 0.0)
    assert '"GET /key-auths/******?key=****** HTTP/1.1" 200 5 "https://manager.example/x" "deck"' in line
    assert "hunter" not in line


def test_request_from_nowhere() -> None:
    """Most clients tell no page."""
    request = Request()
    request.headers = {}
    assert line_end(access_line(request, Masking(), 0.0)) == '"-" "-"'


def line_end(line: str) -> str:
    """The last two fields."""
    return " ".join(line.split(" ")[-2:])
