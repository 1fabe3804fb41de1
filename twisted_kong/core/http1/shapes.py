"""The shape of a header block: the names of its fields in order, and all that follows from them alone.

A client sends the same fields in the same order with every request, and only the values differ.  So what the
names tell is worked out once for each shape.  One that is met often becomes a pattern, which in one look says
of a block what splitting it, judging its bytes and classifying its names would (0.4 µs instead of 2.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# Blocks after which a shape is worth a pattern, which takes as long to make as to read 100 blocks of it; and
# the most fields that it may have.
OFTEN = 100
WIDEST = 40
_VALUE = rb"([\t\x20-\x7e\x80-\xff]*+)"

Look = Callable[[bytes], "re.Match[bytes] | None"]


class Shape:
    """What the names of a block tell.

    ``names`` are in lower case; ``places`` tells for each which lines have it; ``special`` are those of them
    that the proxy itself deals with, ``kept`` the places of all others; ``framed``: one of them announces a
    body.  ``look`` finds the values of a block of this shape, nothing in one that is not of it or breaks a
    rule; it is None until the shape was met often.  In what it finds the value of a field that is there once
    is the group ``single[name]``, and the lines that go on are the groups ``runs``.

    :param spelled: the names as they were sent, each judged to be one.
    """

    __slots__ = ("framed", "kept", "look", "met", "names", "places", "runs", "single", "special", "spelled")

    def __init__(self, spelled: Sequence[bytes], names: Sequence[bytes], special: frozenset[bytes]) -> None:
        self.spelled = tuple(spelled)
        self.names = tuple(names)
        self.special = special.intersection(names)
        places: dict[bytes, tuple[int, ...]] = {}
        for place, name in enumerate(names):
            places[name] = (*places.get(name, ()), place)
        self.places = places
        self.framed = b"content-length" in places or b"transfer-encoding" in places
        self.kept = [place for place, name in enumerate(names) if name not in special]
        self.met = 0
        self.look: Look | None = None
        self.single: dict[bytes, int] = {}
        self.runs: tuple[int, ...] = ()

    def meet(self) -> None:
        """Count one more block, and make the pattern when it is time."""
        self.met += 1
        if self.met == OFTEN and 0 < len(self.spelled) <= WIDEST:
            self._compile()

    def _compile(self) -> None:
        """A line that goes on opens a group unless the one before it has; the values have groups within."""
        pattern = b""
        group = 0
        runs: list[int] = []
        going = False
        for spelled, name in zip(self.spelled, self.names, strict=True):
            goes_on = name not in self.special
            if going and not goes_on:
                pattern += b")"
            if goes_on and not going:
                pattern += b"("
                group += 1
                runs.append(group)
            going = goes_on
            group += 1
            if len(self.places[name]) == 1:
                self.single[name] = group
            pattern += re.escape(spelled) + b":" + _VALUE + rb"\r\n"
        if going:
            pattern += b")"
        self.runs = tuple(runs)
        self.look = re.compile(pattern).fullmatch
