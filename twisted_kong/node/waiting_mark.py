"""A file below the prefix for as long as the node waits for its database: ``kong health`` knows by it.

The process runs then and listens nowhere, which its pid file does not tell.
"""

from __future__ import annotations

import os
from contextlib import suppress

from twisted.logger import Logger

from twisted_kong.node.prefix import write_file


class WaitingMark:
    """Keeps the file at ``path``, which holds the reason; one that cannot be kept is logged, no more."""

    _log = Logger()

    def __init__(self, path: str) -> None:
        self._path = path
        self._noted: str | None = None

    def note(self, reason: str | None) -> None:
        """Keep why the node waits; None once it does not, also for what a node left that died waiting."""
        try:
            if reason is None:
                with suppress(FileNotFoundError):
                    os.unlink(self._path)
            elif reason != self._noted:
                write_file(self._path, f"{reason}\n".encode(), 0o644)
        except OSError as why:
            self._log.warn("kong health cannot be told whether this node waits: {why}", why=why)
        self._noted = reason


def noted_reason(path: str) -> str | None:
    """Why the node waits; None when it does not. The file may be a dead node's: ask only if one runs."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None
