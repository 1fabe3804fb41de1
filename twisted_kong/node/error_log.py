"""The error log of a node: nginx's line format, a level that can change while the node runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Final, TextIO

from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText
from zope.interface import implementer

# nginx's levels from the least talkative, as ``log_level`` names them.
SEVERITY: Final = {
    "emerg": 1,
    "alert": 2,
    "crit": 3,
    "error": 4,
    "warn": 5,
    "notice": 6,
    "info": 7,
    "debug": 8,
}

# What Twisted logs as information is what an operator sees at the default level, ``notice``.
NAMES: Final = {
    LogLevel.debug: "debug",
    LogLevel.info: "notice",
    LogLevel.warn: "warn",
    LogLevel.error: "error",
    LogLevel.critical: "crit",
}


def format_line(event: LogEvent, pid: int) -> str:
    """One event as a line (with its traceback, several) of nginx's error log; no control characters.

    A client chooses much of what is logged, so whatever could begin a line of its own is escaped.
    """
    text = eventAsText(event, includeTimestamp=False, includeSystem=False, includeTraceback=False)
    moment = datetime.fromtimestamp(event["log_time"]).strftime("%Y/%m/%d %H:%M:%S")
    line = f"{moment} [{level_of(event)}] {pid}#0: {_printable(text)}\n"
    failure = event.get("log_failure")
    if failure is not None:
        line += "".join(f"    {_printable(part)}\n" for part in failure.getTraceback().splitlines())
    return line


def level_of(event: LogEvent) -> str:
    """The name nginx has for an event's level; one without a level counts as ``notice``."""
    return NAMES.get(event.get("log_level", LogLevel.info), "notice")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


@implementer(ILogObserver)
class ErrorLog:
    """Appends what is at least as severe as ``level`` to a file.

    :param path: absolute; made if it does not exist.
    :param level: one of :data:`SEVERITY`.
    :param pid: of the process that logs; ``pid`` may be set anew after a fork.
    :raises OSError: if the file cannot be opened.  Later errors of writing are swallowed: a full disk must
        not stop the node, and there is no better place to complain.
    """

    def __init__(
        self, path: str, level: str, pid: int, opener: Callable[[str], TextIO] | None = None
    ) -> None:
        self._path = path
        self.pid = pid
        self._open = opener or _append
        self._file = self._open(path)
        self.level = level
        # Masks what no line may show.
        self.hide: Callable[[str], str] = lambda line: line

    def __call__(self, event: LogEvent) -> None:
        """Write one event, if it is severe enough."""
        if SEVERITY[level_of(event)] > SEVERITY[self.level] or self._file.closed:
            return
        try:
            self._file.write(self.hide(format_line(event, self.pid)))
            self._file.flush()
        except OSError:
            return

    def set_level(self, level: str) -> None:
        """Use another level from now on."""
        self.level = level

    def reopen(self) -> None:
        """Open the file anew, as it may have been moved away; if that fails the old one stays in use."""
        fresh = self._open(self._path)
        self._file.close()
        self._file = fresh

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def _append(path: str) -> TextIO:
    # Owner and group only: log lines may quote what clients sent.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")
