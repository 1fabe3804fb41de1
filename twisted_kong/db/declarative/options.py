"""How a document is to be applied, and how whoever asked hears of the progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Mode = Literal["upsert", "sync"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a document is to be applied.

    :param mode: ``upsert`` makes and changes what the document holds; ``sync`` also removes what it does not.
    :param select_tags: ``sync`` removes only what bears all of these, besides those that the document names.
    :param author: who asked for it, for the log of changes.
    :param flatten: whether errors are to be told one entity after the other.
    """

    mode: Mode = "upsert"
    select_tags: tuple[str, ...] = ()
    author: str | None = None
    flatten: bool = False


# Told of a phase (``reading``, ``checking``, ``comparing``, ``writing``), how much of it is done and of how
# much.
Tell = Callable[[str, int, int], object]


def tell_nobody(phase: str, done: int, total: int) -> None:
    """Nobody wants to know."""
