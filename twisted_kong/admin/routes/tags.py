"""``/tags``: which entities carry which tags; a view that cannot be written."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.pages import page_body, page_request
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Page

READ_ONLY = "does not support insert/upsert/update/delete operations"


class ITagPages(Protocol):
    """Where the pages of tags come from; see :class:`twisted_kong.db.database.Database`."""

    def tags_page(
        self, size: object = 100, offset: str | None = None, *, tag: str | None = None
    ) -> Awaitable[Page]:
        """One page of ``{tag, entity_name, entity_id}``."""


def tags_table(schema: Schema, pages: ITagPages) -> Table:
    """The endpoints of tags; ``schema`` is that of ``tags`` and says what is one."""

    async def page(call: Call) -> Answer:
        tag = call.params.get("tags")
        if tag is not None:
            schema.validate_unique("tag", tag)
        asked = page_request(call.arguments)
        found = await pages.tags_page(asked.wanted, asked.offset, tag=tag)
        return as_json(200, page_body(found.rows, found.offset, call.path, asked, nested=tag is not None))

    async def refuse(call: Call) -> Answer:
        raise SchemaViolation(f"schema violation (tags: {READ_ONLY})", {"tags": READ_ONLY})

    return {
        "/tags": {"GET": page, "POST": refuse},
        "/tags/{tags}": {"GET": page, "PUT": refuse, "PATCH": refuse, "DELETE": refuse},
    }
