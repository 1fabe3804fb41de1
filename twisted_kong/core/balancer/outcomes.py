"""What came of a try to reach an address, as far as its health is concerned."""

from __future__ import annotations

from enum import Enum


class Failure(Enum):
    """A try without an answer."""

    CONNECT = "tcp_failure"
    TIMEOUT = "timeout"


Outcome = int | Failure
"""The status of an answer, or how there was none."""
