"""Work in pieces, done in one go."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any


def finished(work: Generator[None, None, Any]) -> Any:
    """The result of some work that is done without a rest."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
