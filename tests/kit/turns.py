"""Waiting for a condition while the reactor runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import deferLater

from tests.kit.waiting import PATIENCE

# Seconds between two looks.
_PAUSE = 0.005


async def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of a condition; an error if it does not become true."""
    from twisted.internet import reactor

    deadline = reactor.seconds() + seconds
    while not (met := condition()):
        assert reactor.seconds() < deadline, "waited in vain"
        await deferLater(reactor, _PAUSE)
    return met
