"""Where in the order of the keys a page begins: behind a key, or at the one or the other end of all."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_kong.db.interfaces import Cursor, Selection

# Before and behind all keys, by code points as well as by the bytes of UTF-8: the last is no character.
_FIRST, _LAST = "", "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Place:
    """What comes next are the keys above ``key``, ascending, or those below it, descending.

    ``sign`` compares such a key with it, and ``order`` stands behind what SQL orders by.
    """

    key: str
    descending: bool

    @property
    def sign(self) -> str:
        """How the next keys compare with this one."""
        return "<" if self.descending else ">"

    @property
    def order(self) -> str:
        """The order of the next keys."""
        return " desc" if self.descending else ""


def place_of(cursor: Cursor | None, selection: Selection) -> Place:
    """Where the page begins that a cursor asks for.

    A cursor holds but a key, so one that was made in the other order leads from there back to where the list
    came from.

    :raises ValueError: for what is no cursor.
    """
    if cursor is None:
        return Place(_LAST if selection.descending else _FIRST, selection.descending)
    if len(cursor) != 1 or not isinstance(cursor[0], str):
        raise ValueError("no cursor of this store")
    return Place(cursor[0], selection.descending)
