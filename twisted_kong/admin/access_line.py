"""The line of the access log for a request to the Admin or Status API, without credentials."""

from __future__ import annotations

from typing import Any

from twisted.web.http import combinedLogFormatter, datetimeToLogString

from twisted_kong.admin.masking import Masking, without_query


def access_line(request: Any, masking: Masking, now: float) -> str:
    """The line in the combined format.

    :param now: epoch seconds.
    """
    line: str = combinedLogFormatter(datetimeToLogString(now), _Shown(request, masking))
    return line


class _Shown:
    """A request as the log may show it."""

    def __init__(self, request: Any, masking: Masking) -> None:
        self._request = request
        self.uri = masking.target(request.uri)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)

    def getHeader(self, name: bytes) -> Any:  # noqa: N802 - Twisted's name
        value = self._request.getHeader(name)
        if name != b"referer" or value is None:
            return value
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        return without_query(text).encode("latin-1")
