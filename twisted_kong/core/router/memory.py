"""What a router answers, and its bounded memory of past answers.

The memory has two generations: a full one becomes the old one, and what is asked again moves to the young
one, so a hit writes nothing and at most twice the size is kept.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.regexes import Captures

# A long key is not remembered: the memory is bounded in bytes too.
_LONGEST_KEY = 2048

Key = tuple[Any, ...]
UNKNOWN: Any = object()


class RouteMatch:
    """A Route that was found; shared by requests, so not to be changed.

    ``prefix`` is what its path matched (the text that a regex matched), None if the Route has no paths.
    ``memo`` and ``chain`` are places for what the data path and the phases derive from this match alone; they
    are empty again after any change of Routes and after :meth:`Memory.forget`.
    """

    __slots__ = ("captures", "chain", "memo", "prefix", "route")

    def __init__(self, route: Entity, prefix: str | None, captures: Captures | None) -> None:
        self.route = route
        self.prefix = prefix
        self.captures = captures
        self.memo: Any = None
        self.chain: Any = None


class Memory:
    """Answers by everything that they depend on: six parts of the request, then lists of values.

    :param remembered: how many answers to remember, about.
    """

    def __init__(self, remembered: int) -> None:
        self._half = max(1, remembered // 2)
        self._young: dict[Key, RouteMatch | None] = {}
        self._old: dict[Key, RouteMatch | None] = {}

    def forget(self) -> None:
        """Drop every remembered answer."""
        if self._young:
            self._young = {}
        if self._old:
            self._old = {}

    def _remember(self, key: Key, found: RouteMatch | None) -> None:
        size = len(key[0]) + len(key[2]) + len(key[4]) + len(key[5] or "")
        if size + sum(sum(map(len, values)) for values in key[6:]) > _LONGEST_KEY:
            return
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = found
