"""Targets as they are written, and which of several rows for one counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from twisted_kong.core.changes import Entity

DEFAULT_PORT: Final = 8000
DEFAULT_WEIGHT: Final = 100


def parse_target(target: str) -> tuple[str, int]:
    """The host and port of a Target; Kong's default port is 8000."""
    host, colon, port = target.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        return target.strip("[]"), DEFAULT_PORT
    if port.isascii() and port.isdigit():
        return host.strip("[]"), int(port)
    return target.strip("[]"), DEFAULT_PORT


def weight_of(rows: Iterable[Entity]) -> int:
    """The weight that the rows of one target give it: Kong lets the newest count."""
    newest = max(rows, key=lambda row: (row.get("created_at") or 0, row["id"]))
    weight = newest.get("weight")
    return DEFAULT_WEIGHT if weight is None else int(weight)
