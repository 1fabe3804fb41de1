"""The access log: lines gathered in memory and written in large pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

# Lines that are written at once, and how many seconds a line may wait for others.
_LINES = 512
_DELAY = 1.0


T = TypeVar("T")


class AccessLog(Generic[T]):
    """A log of finished requests.

    A write that fails – a full disk – is told once in the error log and costs the lines, never a request.

    :param opened: opens the file for appending; asked again by :meth:`reopen`.
    :param line: makes the line of whatever is noted, without its end; for requests see
        :mod:`twisted_kong.proxy.log_format`.
    """

    _log = Logger()

    def __init__(self, opened: Callable[[], BinaryIO], line: Callable[[T], str], clock: IReactorTime) -> None:
        self._open = opened
        self._line = line
        self._clock = clock
        self._file: BinaryIO | None = opened()
        self._lines: list[str] = []
        self._call: IDelayedCall | None = None
        self._failing = False

    def __call__(self, item: T) -> None:
        """Note a finished request."""
        lines = self._lines
        lines.append(self._line(item))
        if len(lines) >= _LINES:
            self.flush()
        elif self._call is None:
            self._call = self._clock.callLater(_DELAY, self._due)

    def _due(self) -> None:
        self._call = None
        self.flush()

    def flush(self) -> None:
        """Write what is gathered."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if not self._lines:
            return
        self._lines.append("")
        data = "\n".join(self._lines).encode("utf-8", "replace")
        self._lines = []
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(data)
            self._file.flush()
            self._failing = False
        except OSError as error:
            if not self._failing:
                self._failing = True
                self._log.error("the access log cannot be written: {error}", error=error)

    def reopen(self) -> None:
        """Open the file anew: the old one was moved away."""
        self.flush()
        old, self._file = self._file, None
        try:
            self._file = self._open()
        except OSError as error:
            self._log.error("the access log cannot be opened: {error}", error=error)
            self._file = old
            return
        if old is not None:
            old.close()

    def close(self) -> None:
        """Write what is gathered, and end."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None
