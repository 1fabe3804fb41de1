"""Lets go of what was kept for a long piece of work, a little at a time.

What leads to itself stays until the garbage collector finds it, which may be long after and then takes
seconds for gigabytes; what is emptied is free at once, and what lies in it with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted_kong.db.turns import Turns

Kept = list[Any] | dict[Any, Any] | set[Any]

# Members to let go before others may have their turn.
FORGOTTEN = 20


async def emptied(kept: Iterable[Kept], turns: Turns) -> None:
    """Empty lists, dictionaries and sets."""
    for each in kept:
        while each:
            for _ in range(min(FORGOTTEN, len(each))):
                _lessen(each)
            await turns.pause()


def _lessen(kept: Kept) -> None:
    if isinstance(kept, dict):
        kept.popitem()
    else:
        kept.pop()
