"""``POST /batch``: several operations on entities as one, all of them or none.

They run one after the other over one staged store, so each sees what those before it would have written.  At
the end all is written in one transaction, as one part of the log of changes with one position.  What is
refused refuses all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from twisted_kong.admin.answers import NOT_FOUND, Answer, as_json, message
from twisted_kong.admin.bodies import Body
from twisted_kong.admin.calls import READING, Call, Table
from twisted_kong.admin.dispatch import Asked, Paths, dispatch
from twisted_kong.admin.dry_run import TableOver, body_of, shown_changes
from twisted_kong.admin.failures import answer_for
from twisted_kong.admin.kinds import Follow, headers_of_write
from twisted_kong.admin.operations import Operation, operations_in
from twisted_kong.admin.routes.plugins import WARNING
from twisted_kong.core.errors import DatabaseError
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.staging import JointWrites, stage, unwritten
from twisted_kong.db.turns import Turns

PATH = "/batch"
# In bytes, all answers together: a batch may ask for a thousand pages of a thousand entities each.
MOST_ANSWERED = 32 * 1024 * 1024
TOO_MUCH = message(400, "the answers of a batch are too long together: read less in one")


class Batch:
    """The endpoint.

    :param table_over: the endpoints that operations may call, over a staged database.
    :param paths: all paths of the Admin API, those of the operations among them.
    """

    def __init__(
        self,
        database: Database,
        table_over: TableOver,
        schemas: Mapping[str, Schema],
        follow: Follow,
        paths: Callable[[], Paths],
    ) -> None:
        self._database = database
        self._table_over = table_over
        self._schemas = schemas
        self._follow = follow
        self._paths = paths
        self._joint = JointWrites(database)

    def table(self) -> Table:
        """Path and handler."""
        return {PATH: {"POST": self.post}}

    async def post(self, call: Call) -> Answer:
        """POST: several operations, all of them or none."""
        operations = operations_in(call.body)
        try:
            if call.dry_run:
                return await self._tried(operations, call)
            return await self._made(operations, call)
        except _Refusal as refusal:
            return refusal.answer(operations)

    async def _made(self, operations: Sequence[Operation], call: Call) -> Answer:
        made = await self._joint.make(lambda twin: self._run(twin, operations, call), call.terms)
        position, changes = made.committed.position, made.committed.changes
        headers = headers_of_write(position, await self._follow(Written(None, position, changes)))
        answer = as_json(200, {"data": made.result, "position": str(position)})
        return replace(answer.with_headers(*headers), changed=bool(changes))

    async def _tried(self, operations: Sequence[Operation], call: Call) -> Answer:
        store, twin = stage(self._database)
        data = await unwritten(self._run(twin, operations, call))
        changes = shown_changes(self._schemas, store.changes, call.permit)
        return as_json(200, {"dry_run": True, "status": 200, "data": data, "changes": changes})

    async def _run(self, twin: Database, operations: Sequence[Operation], call: Call) -> list[dict[str, Any]]:
        table = self._table_over(twin)
        paths, turns = self._paths(), Turns(self._database.clock)
        data, left = [], MOST_ANSWERED
        for index, operation in enumerate(operations):
            answer = await self._answer(table, paths, operation, call)
            if answer.status >= 400:
                raise _Refusal(index, answer)
            left -= len(answer.body)
            if left < 0:
                raise _Refusal(index, TOO_MUCH)
            data.append({"status": answer.status, "body": body_of(answer), **_warning(answer)})
            await turns.pause()
        return data

    async def _answer(self, table: Table, paths: Paths, operation: Operation, call: Call) -> Answer:
        found = paths.find(operation.path)
        if found is None:
            return NOT_FOUND
        pattern, params = found
        if pattern not in table:
            return message(400, "this is neither read nor write of an entity: it cannot be part of a batch")
        asked = Asked(
            method=operation.method,
            path=operation.path.removesuffix("/"),
            pattern=pattern,
            params=params,
            query=operation.query,
            body=Body(operation.body),
            author=call.terms.author,
            conditions=operation.conditions,
            permit=call.permit,
            caught_up=call.terms.caught_up,
        )
        try:
            return await dispatch(table, asked)
        except DatabaseError:
            raise
        except Exception as error:
            known = answer_for(error, writing=operation.method not in READING)
            if known is None:
                raise
            return known


def _warning(answer: Answer) -> dict[str, str]:
    text = dict(answer.headers).get(WARNING)
    return {} if text is None else {"warning": text}


class _Refusal(Exception):
    """An operation was refused, and so all are."""

    def __init__(self, index: int, answer: Answer) -> None:
        super().__init__(index)
        self._index = index
        self._answer = answer

    def answer(self, operations: Sequence[Operation]) -> Answer:
        """The answer to the batch."""
        refused = body_of(self._answer)
        operation = operations[self._index]
        reason = refused.get("message") if isinstance(refused, dict) else None
        text = f"operation {self._index} ({operation.method} {operation.path}) was refused"
        body = {
            "message": f"{text}, nothing was written{'' if reason is None else f': {reason}'}",
            "operation": self._index,
            "answer": refused,
        }
        return as_json(self._answer.status, body)
