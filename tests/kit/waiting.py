"""Waiting for a condition in tests of processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# Seconds after which a test has waited in vain.
PATIENCE = 30.0


def wait_for(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of a condition; an error if it does not become true."""
    deadline = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return met
