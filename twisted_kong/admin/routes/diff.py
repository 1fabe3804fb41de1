"""``/diff``: what a document would change, without changing anything."""

from __future__ import annotations

from twisted_kong.admin.answers import JSON, Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.documents import document_in, options_in
from twisted_kong.admin.pieces import Members
from twisted_kong.admin.trials import Trials
from twisted_kong.core.declarative.differences import difference
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.importing import Importer
from twisted_kong.db.declarative.options import Options
from twisted_kong.db.turns import Turns

DIFF = "/diff"


class DiffEndpoints:
    """The endpoint of differences.

    :param trials: gives comparisons their turn.
    """

    def __init__(self, database: Database, trials: Trials) -> None:
        self._comparison = Comparison(database, Importer(database, database.clock), trials)

    def table(self) -> Table:
        """Paths and handlers."""
        return {DIFF: {"GET": self.compare, "POST": self.compare_posted}}

    async def compare(self, call: Call) -> Answer:
        """GET: what differs between the database and the document in the body; nothing is written."""
        changes, counts = await self._comparison.of(call, options_in(call.options, None, mode="sync"))
        body = Members()
        body.add(not sum(counts.values()), "in_sync")
        body.add_written(changes, "changes")
        body.add(counts, "summary")
        return Answer(200, body.as_object(), JSON)

    async def compare_posted(self, call: Call) -> Answer:
        """POST: the same, for clients and proxies that drop the body of a GET."""
        return await self.compare(call)


class Comparison:
    """Tells what documents would change."""

    def __init__(self, database: Database, importer: Importer, trials: Trials) -> None:
        self._database, self._importer, self._trials = database, importer, trials

    async def of(self, call: Call, options: Options) -> tuple[bytes, dict[str, int]]:
        """The JSON of what a request's document would change, without secrets; how many of each operation.

        :raises Refused: 429 when too many wait to be told the like.
        """
        async with self._trials.turn():
            plan = await self._importer.plan(await document_in(call.body, self._importer), options)
            turns = Turns(self._database.clock)
            drafts = list(reversed(plan.changes))
            await plan.forget(turns)
            del plan
            changes, counts = Members(), {"create": 0, "update": 0, "delete": 0}
            while drafts:
                draft = drafts.pop()
                counts[draft.operation] += 1
                schema = self._database.schemas[draft.table]
                changes.add(difference(schema, draft.operation, draft.key, draft.before, draft.after))
                await turns.pause()
            return changes.as_list(), counts
