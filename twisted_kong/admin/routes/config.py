"""``/config``: everything as one document, to be taken and to be given.

Kong has it for a node without a database only; here it reads and writes the database.
"""

from __future__ import annotations

from typing import Any, get_args

from twisted_kong.admin.answers import JSON, Answer, as_json, message
from twisted_kong.admin.bodies import YAML_TYPES
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.documents import document_in, options_in
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.flags import flag_in
from twisted_kong.admin.import_progress import ImportProgress
from twisted_kong.admin.kinds import Follow, headers_of_write
from twisted_kong.admin.pieces import Members
from twisted_kong.admin.routes.diff import Comparison
from twisted_kong.admin.trials import Trials
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import EntityError, OutcomeUnknown
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
    """The endpoints of the configuration as a whole.

    :param trials: gives comparisons their turn.
    """

    def __init__(self, database: Database, follow: Follow, trials: Trials) -> None:
        self._database = database
        self._follow = follow
        self._importer = Importer(database, database.clock)
        self._exporter = Exporter(database, database.clock)
        self._progress = ImportProgress(lambda: database.write_context().now)
        self._comparison = Comparison(database, self._importer, trials)

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
            done = await self._importer.apply(
                await document_in(call.body, self._importer), options, self._progress.tell
            )
        except OutcomeUnknown as error:
            self._progress.unknown(_reason(error))
            raise
        except BaseException as error:
            self._progress.failed(_reason(error))
            raise
        self._progress.done(_summary(done))
        headers, changed, entities = await self._followed(done), bool(done.drafts), done.entities
        del done
        if checks_hash and not changed:
            return Answer(304).with_headers(*headers)
        return Answer(201, await self._encoded(entities), JSON, changed=changed).with_headers(*headers)

    async def progress(self, call: Call) -> Answer:
        """GET: how far the import is that is under way on this node, or how the last one ended."""
        return as_json(200, self._progress.shown())

    async def _try_out(self, call: Call, options: Options) -> Answer:
        changes, counts = await self._comparison.of(call, options)
        body = Members()
        body.add(True, "dry_run")
        body.add(201, "status")
        body.add_written(changes, "changes")
        body.add(counts, "summary")
        return Answer(201, body.as_object(), JSON)

    async def _followed(self, done: Imported) -> tuple[tuple[str, str], ...]:
        many = len(done.changes) > FEW
        applied = await self._follow(Written(None, done.position, () if many else done.changes))
        for _ in range(AGAIN if many else 0):
            # There is much to read again, more than a single write is given time for.
            applied = applied or await self._follow(Written(None, done.position, ()))
        return headers_of_write(done.position, applied)

    async def _encoded(self, entities: dict[str, dict[str, Entity]]) -> bytes:
        """The JSON of all entities, each of which is forgotten then."""
        turns = Turns(self._database.clock)
        kinds = Members()
        for kind, by_key in entities.items():
            schema, members = self._database.schemas[kind], Members()
            for key in list(by_key):
                shown = {
                    name: value for name, value in by_key.pop(key).items() if name not in schema.transient
                }
                members.add(schema.present(shown), key)
                await turns.pause()
            kinds.add_written(members.as_object(), kind)
        return kinds.as_object()


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
