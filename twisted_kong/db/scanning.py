"""All rows of a store, or those of a selection, read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from twisted_kong.db.interfaces import IStrategy, Selection, Stored
from twisted_kong.db.tables import Table

# Rows to a page: decoding one keeps the reactor for a few milliseconds at most.
PAGE = 200

_EVERYTHING = Selection()


async def all_rows(
    store: IStrategy, table: Table, selection: Selection = _EVERYTHING
) -> AsyncIterator[Stored]:
    """The rows by ascending key, each as it is when its page is read."""
    cursor = None
    while True:
        page = await store.page(table, PAGE, cursor, selection)
        for row in page.rows:
            yield row
        cursor = page.cursor
        if cursor is None:
            return
