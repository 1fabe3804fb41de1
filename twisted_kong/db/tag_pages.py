"""Pages of tags: one item for each tag of each entity, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted_kong.db.dao import Page
from twisted_kong.db.interfaces import Cursor, IStrategy, TagRow
from twisted_kong.db.paging import bad_offset, check_size, decode_offset, encode_offset

# No entity has so many tags, and a store's own integers may be as narrow.
_BEYOND = 2**31


async def tags_page(strategy: IStrategy, size: object, offset: str | None, tag: str | None) -> Page:
    """One page, by entity id and the tag's place there.

    Kong: the offset is ``[entity_id, ordinal]``.  Only where the page ends between two entities of one id
    and different kinds does ours also name the kind, so as not to lose the second.
    """
    count = check_size(size)
    rows = await strategy.tags_after(count + 1, _place(offset), tag)
    cursor = _cursor(rows[:count], rows[count:])
    items = tuple({"tag": row.tag, "entity_name": row.table, "entity_id": row.key} for row in rows[:count])
    return Page(items, encode_offset(cursor))


def _place(offset: str | None) -> tuple[str, int, str] | None:
    cursor = decode_offset(offset)
    if cursor is None:
        return None
    key, ordinal, table = _parts(cursor, offset)
    return key, ordinal, table


def _parts(cursor: list[Any], offset: str | None) -> tuple[str, int, str]:
    # the last of all tables by name stands for "behind this ordinal"
    key, ordinal, table = [*cursor, "\U0010ffff"][:3] if len(cursor) in (2, 3) else (None, None, None)
    if isinstance(key, str) and type(ordinal) is int and abs(ordinal) < _BEYOND and isinstance(table, str):
        return key, ordinal, table
    raise bad_offset(offset)


def _cursor(page: Sequence[TagRow], beyond: Sequence[TagRow]) -> Cursor | None:
    if not beyond:
        return None
    last, following = page[-1], beyond[0]
    ambiguous = (last.key, last.ordinal) == (following.key, following.ordinal)
    return [last.key, last.ordinal, last.table] if ambiguous else [last.key, last.ordinal]
