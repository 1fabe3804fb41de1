"""``/diff``: what a document would change, without changing anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import DeferredLock

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.documents import document_in, options_in
from twisted_kong.core.declarative.differences import difference, summary
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.importing import Importer
from twisted_kong.db.schemas import ISchemas
from twisted_kong.db.transaction import Draft
from twisted_kong.db.turns import Turns


class DiffEndpoints:
    """The endpoint of differences."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._importer = Importer(database, database.clock)
        # Each takes memory for all that it compares, so one after the other.
        self._one = DeferredLock()

    def table(self) -> Table:
        """Paths and handlers."""
        return {"/diff": {"GET": self.compare, "POST": self.compare_posted}}

    async def compare(self, call: Call) -> Answer:
        """GET: what differs between the database and the document in the body; nothing is written."""
        options = options_in(call.options, None, mode="sync")
        await self._one.acquire()
        try:
            document = await document_in(call.body, self._importer)
            plan = await self._importer.plan(document, options)
            turns = Turns(self._database.clock)
            changes = await shown_changes(self._database.schemas, plan.changes, turns)
            await plan.forget(turns)
        finally:
            self._one.release()
        body = {"in_sync": not changes, "changes": changes, "summary": summary(changes)}
        return as_json(200, body)

    async def compare_posted(self, call: Call) -> Answer:
        """POST: the same, for clients and proxies that drop the body of a GET."""
        return await self.compare(call)


async def shown_changes(schemas: ISchemas, drafts: Iterable[Draft], turns: Turns) -> list[dict[str, Any]]:
    """Changes as answers show them: what differs, and no secret."""
    shown = []
    for draft in drafts:
        schema = schemas[draft.table]
        shown.append(difference(schema, draft.operation, draft.key, draft.before, draft.after))
        await turns.pause()
    return shown
