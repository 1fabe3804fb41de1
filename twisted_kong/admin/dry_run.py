"""``?dry_run=1``: what a write would answer and change, found out by making it over a staged store.

The endpoint is the very same, over tables that lie above those of the datastore.  So whatever it refuses is
refused here in the same words, and what it would change is what it has changed there; nothing of it ever
reaches the datastore, the log of changes or a cache.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.bodies import Pairs
from twisted_kong.admin.calls import Permit, Table
from twisted_kong.admin.dispatch import Asked, dispatch
from twisted_kong.admin.endpoints import entity_path
from twisted_kong.admin.etags import ETAG
from twisted_kong.admin.failures import Refused, answer_for
from twisted_kong.admin.flags import agreed_flag_in
from twisted_kong.admin.kinds import APPLIED, POSITION
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import DatabaseError
from twisted_kong.core.schema.hiding import hidden, hidden_change
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.database import Database
from twisted_kong.db.staging import stage, unwritten
from twisted_kong.db.transaction import Draft

HEADER = ("X-Kong-Dry-Run", "true")

# Headers that tell of what was written.
OF_WRITES = frozenset({ETAG, POSITION, APPLIED})

# The endpoints of entities, over a database.
TableOver = Callable[[Database], Table]


def dry_run_wanted(query: Pairs) -> bool:
    """Whether a write's query string asks to try it out only.

    :raises Refused: for anything but ``1``, ``true``, ``0`` and ``false``: who wants to be careful and is
        misunderstood would have it done.
    """
    return agreed_flag_in(query, "dry_run")


class DryRun:
    """Tries writes out.

    :param themselves: the paths of endpoints that show by themselves what they would do.
    """

    def __init__(
        self,
        database: Database,
        table_over: TableOver,
        schemas: Mapping[str, Schema],
        themselves: Iterable[str] = (),
    ) -> None:
        self._database = database
        self._table_over = table_over
        self._schemas = schemas
        self._themselves = frozenset(themselves)

    async def answer(self, table: Table, asked: Asked) -> Answer:
        """What a write to one of a table's endpoints would be answered.

        :raises Refused: for what writes no entity.
        """
        if asked.pattern in self._themselves:
            work = dispatch(table, replace(asked, dry_run=True))
        else:
            work = self._tried(asked)
        try:
            answer = await work
        except DatabaseError:
            raise
        except Exception as error:
            known = answer_for(error, writing=False)
            if known is None:
                raise
            answer = known
        return answer.with_headers(HEADER)

    async def _tried(self, asked: Asked) -> Answer:
        store, twin = stage(self._database)
        table = self._table_over(twin)
        if asked.pattern not in table:
            asked.permit(asked.method, asked.pattern)
            raise Refused(400, f"{asked.method} {asked.path} writes no entity: it cannot be tried out")
        answer = await unwritten(dispatch(table, asked))
        headers = tuple(header for header in answer.headers if header[0] not in OF_WRITES)
        if answer.status >= 400:
            return replace(answer, headers=headers)
        body = {
            "dry_run": True,
            "status": answer.status,
            "entity": body_of(answer),
            "changes": shown_changes(self._schemas, store.changes, asked.permit),
        }
        # 204 has no body
        return as_json(200 if answer.status == 204 else answer.status, body).with_headers(*headers)


def body_of(answer: Answer) -> Any:
    """The JSON that an answer carries, None if there is none."""
    return json.loads(answer.body) if answer.body else None


def shown_changes(
    schemas: Mapping[str, Schema], drafts: Iterable[Draft], permit: Permit
) -> list[dict[str, Any]]:
    """Changes as answers show them, without the secrets of those entities.

    :param permit: of the caller; of what he may not read only the primary keys are shown.
    """
    drafts = tuple(drafts)
    readable = {kind for kind in {draft.table for draft in drafts} if _may_read(schemas[kind], permit)}
    return [_shown(schemas[draft.table], draft, whole=draft.table in readable) for draft in drafts]


def _may_read(schema: Schema, permit: Permit) -> bool:
    try:
        permit("GET", entity_path(schema))
    except Refused:
        return False
    return True


def _shown(schema: Schema, draft: Draft, *, whole: bool) -> dict[str, Any]:
    before, after = (
        each if each is None or whole else {name: each[name] for name in schema.primary_key}
        for each in (draft.before, draft.after)
    )
    return {
        "entity": draft.table,
        "operation": draft.operation,
        "id": draft.key,
        **dict(zip(("before", "after"), _hidden(schema, before, after), strict=True)),
    }


def _hidden(
    schema: Schema, before: Entity | None, after: Entity | None
) -> tuple[Entity | None, Entity | None]:
    was, now = (None if each is None else schema.present(each) for each in (before, after))
    if was is not None and now is not None:
        # a Plugin may have become another, with other fields
        return hidden_change({**schema.fields_for(now), **schema.fields_for(was)}, was, now)
    was, now = (None if each is None else hidden(schema.fields_for(each), each) for each in (was, now))
    return was, now
