"""``/config``: everything as one document, to be taken and to be given.

Kong has it for a node without a database only; here it reads and writes the database.
"""

from __future__ import annotations

from typing import Any, get_args

from twisted.internet.defer import DeferredLock

from twisted_kong.admin.answers import JSON, Answer, as_json, encode, message
from twisted_kong.admin.bodies import YAML_TYPES
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.documents import document_in, flag_in, options_in
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.import_progress import ImportProgress
from twisted_kong.admin.kinds import APPLIED, POSITION, Follow
from twisted_kong.admin.routes.diff import shown_changes
from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.differences import summary
from twisted_kong.core.errors import EntityError
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.exporting import Exporter, Format
from twisted_kong.db.declarative.importing import Imported, Importer
from twisted_kong.db.declarative.options import Options
from twisted_kong.db.turns import Turns

CONFIG = "/config"
YAML = "application/yaml"

# Kong: this text, with 429; seconds after which one may try again.
BUSY = "Currently loading previous configuration"
RETRY_AFTER = 2
# Up to so many changes are applied one by one before the answer; of more, the node reads in the log.
FEW = 500
# How often more the node is given time to follow that many.
AGAIN = 5


class ConfigEndpoints:
    """The endpoints of the configuration as a whole."""

    def __init__(self, database: Database, follow: Follow) -> None:
        self._database = database
        self._follow = follow
        self._importer = Importer(database, database.clock)
        self._exporter = Exporter(database, database.clock)
        self._progress = ImportProgress(lambda: database.write_context().now)
        # Each takes memory for all that it compares, so one after the other.
        self._trial = DeferredLock()

    def table(self) -> Table:
        """Paths and handlers."""
        return {
            CONFIG: {"GET": self.show, "POST": self.apply},
            f"{CONFIG}/progress": {"GET": self.progress},
        }

    async def show(self, call: Call) -> Answer:
        """GET: everything the database holds as one document, in Kong's format or in decK's."""
        given = dict(call.options)
        wanted: Any = given.get("format", "kong")
        if wanted not in get_args(Format):
            raise Refused(400, f"format must be {' or '.join(get_args(Format))}")
        text = await self._exporter.text(wanted, ids=flag_in(call.options, "with_id"))
        if _wants_yaml(call):
            return Answer(200, text.encode("utf-8"), YAML)
        return as_json(200, {"config": text})

    async def apply(self, call: Call) -> Answer:
        """POST: make the database as a document says, in one transaction; answers the document's entities."""
        options = options_in(call.options, call.terms.author, mode="upsert")
        checks_hash = flag_in(call.options, "check_hash")
        if call.dry_run:
            return await self._try_out(call, options)
        if self._progress.is_running:
            return message(429, BUSY).with_headers(("Retry-After", str(RETRY_AFTER)))
        self._progress.begin(options.mode, options.author)
        try:
            document = await document_in(call.body, self._importer)
            done = await self._importer.apply(document, options, self._progress.tell)
        except BaseException as error:
            self._progress.failed(_reason(error))
            raise
        self._progress.done(_summary(done))
        headers = await self._followed(done)
        if checks_hash and not done.drafts:
            return Answer(304).with_headers(*headers)
        body = await self._encoded(done.entities)
        return Answer(201, body, JSON, changed=bool(done.drafts)).with_headers(*headers)

    async def progress(self, call: Call) -> Answer:
        """GET: how far the import is that is under way on this node, or how the last one ended."""
        return as_json(200, self._progress.shown())

    async def _try_out(self, call: Call, options: Options) -> Answer:
        await self._trial.acquire()
        try:
            document = await document_in(call.body, self._importer)
            plan = await self._importer.plan(document, options)
            turns = Turns(self._database.clock)
            changes = await shown_changes(self._database.schemas, plan.changes, turns)
            await plan.forget(turns)
        finally:
            self._trial.release()
        return as_json(201, {"dry_run": True, "status": 201, "changes": changes, "summary": summary(changes)})

    async def _followed(self, done: Imported) -> tuple[tuple[str, str], ...]:
        many = len(done.changes) > FEW
        applied = await self._follow(Written(None, done.position, () if many else done.changes))
        for _ in range(AGAIN if many else 0):
            # There is much to read again, more than a single write is given time for.
            applied = applied or await self._follow(Written(None, done.position, ()))
        position = (POSITION, str(done.position))
        return (position,) if applied else (position, (APPLIED, "false"))

    async def _encoded(self, entities: dict[str, dict[str, Entity]]) -> bytes:
        """The JSON of all entities, made one by one: at once it would take as long as many requests."""
        turns = Turns(self._database.clock)
        kinds: list[bytes] = []
        for kind, by_key in entities.items():
            schema = self._database.schemas[kind]
            members: list[bytes] = []
            for key, entity in by_key.items():
                shown = {name: value for name, value in entity.items() if name not in schema.transient}
                members.append(encode(key) + b":" + encode(schema.present(shown)))
                await turns.pause()
            kinds.append(encode(kind) + b":{" + b",".join(members) + b"}")
        return b"{" + b",".join(kinds) + b"}"


def _wants_yaml(call: Call) -> bool:
    first = call.accept.split(",")[0].split(";")[0].strip().lower()
    return first in YAML_TYPES


def _summary(done: Imported) -> dict[str, int]:
    counts = {"create": 0, "update": 0, "delete": 0}
    for draft in done.drafts:
        counts[draft.operation] += 1
    return counts


def _reason(error: BaseException) -> str:
    if isinstance(error, EntityError):
        return error.message[:1000]
    return str(error)[:1000] or type(error).__name__
