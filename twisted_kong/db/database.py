"""All DAOs of a node over one strategy, with the upkeep of what they keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.cache_keys import change_keys
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import UniqueViolation
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.aside import Aside, at_once
from twisted_kong.db.dao import Context, Dao, Page
from twisted_kong.db.interfaces import IChangeLog, IStrategy
from twisted_kong.db.kinds.registry import dao_for
from twisted_kong.db.schemas import ISchemas, tables_of
from twisted_kong.db.tables import Table
from twisted_kong.db.tag_pages import tags_page
from twisted_kong.db.upkeep import Upkeep

# How long the log of changes is kept at least, in seconds.
RETENTION = 3600.0


def retention_for(propagation: float) -> float:
    """How long to keep the log with a given ``db_update_propagation``, in seconds."""
    return max(RETENTION, 10 * propagation)


@dataclass(frozen=True, slots=True)
class Ids:
    """Where new ids come from; ``instance`` is this running process's own, the origin of its changes."""

    new_uuid: Callable[[], str]
    new_token: Callable[[], str]
    instance: str


class Database:
    """The DAOs by kind, as items or attributes: ``database["services"]``, ``database.services``.

    ``workspace`` is the id of the workspace ``default``, known after :meth:`start`.
    ``log`` is the log of changes.
    ``instance`` is the origin of the changes that are written through here.
    ``tables`` are the kinds as the strategy sees them, ``clock`` what tells the time.

    :param clock: tells the time (its ``seconds()`` must be the epoch's) and drives the upkeep.
    :param retention: how long changes stay in the log, in seconds.
    :param tables: the tables of the kinds, where they are known already; they take a while to make.
    :param aside: does what takes long, such as a hash that is meant to be slow.
    """

    def __init__(
        self,
        strategy: IStrategy,
        schemas: ISchemas,
        clock: IReactorTime,
        ids: Ids,
        *,
        retention: float = RETENTION,
        tables: Mapping[str, Table] | None = None,
        aside: Aside = at_once,
    ) -> None:
        self.strategy = strategy
        self.schemas = schemas
        self.workspace = ""
        self.clock = clock
        self._ids = ids
        self.instance = ids.instance
        if tables is None:
            tables = tables_of(schemas, self._change_keys, self.write_context)
        self.tables = tables
        daos: dict[str, Dao] = {}
        self._aside = aside
        context = Context(strategy, self.write_context, ids.instance, daos, aside)
        for name, table in tables.items():
            daos[name] = dao_for(schemas[name], table, context)
        self.daos: Mapping[str, Dao] = daos
        self.upkeep = Upkeep(strategy, clock, ids.instance, retention)

    def __getitem__(self, kind: str) -> Dao:
        return self.daos[kind]

    def __getattr__(self, kind: str) -> Dao:
        try:
            return self.__dict__["daos"][kind]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"there is no kind of entity named {kind!r}") from None

    @property
    def log(self) -> IChangeLog:
        """The log of changes."""
        return self.strategy

    async def start(self, *, migrate: bool = True) -> None:
        """Open the store, make the default workspace where there is none, and begin the upkeep.

        DatabaseError tells the operator in one line why the store is refused.
        """
        await self.strategy.start(self.tables, migrate=migrate)
        try:
            if "workspaces" in self.daos:
                self.workspace = await self._default_workspace()
        except BaseException:
            await self.strategy.stop()
            raise
        self.upkeep.start()

    async def stop(self) -> None:
        """End the upkeep and close the store, once what is under way is done."""
        await self.upkeep.stop()
        await self.strategy.stop()

    def staged(self, strategy: IStrategy) -> Database:
        """The same kinds over another store, such as a staged one that lies over this one's.

        It is neither to be started nor to be stopped, and has no upkeep.
        """
        twin = Database(strategy, self.schemas, self.clock, self._ids, tables=self.tables, aside=self._aside)
        twin.workspace = self.workspace
        return twin

    async def tags_page(
        self, size: object = 100, offset: str | None = None, *, tag: str | None = None
    ) -> Page:
        """One page of ``{tag, entity_name, entity_id}``, of all tags or of one."""
        return await tags_page(self.strategy, size, offset, tag)

    def write_context(self) -> WriteContext:
        """The context in which a schema processes a record now."""
        return WriteContext(
            now=self.clock.seconds(),
            new_uuid=self._ids.new_uuid,
            new_token=self._ids.new_token,
            workspace=self.workspace,
        )

    def _change_keys(self, schema: Schema, new: Entity | None, old: Entity | None) -> tuple[str, ...]:
        return change_keys(schema, new, old, self.workspace)

    async def _default_workspace(self) -> str:
        workspaces = self.daos["workspaces"]
        found = await workspaces.select_by("name", "default")
        if found is None:
            try:
                found = (await workspaces.insert({"name": "default"})).entity
            except UniqueViolation:
                # another process starting at the same moment was faster
                found = await workspaces.select_by("name", "default")
        return str(found["id"]) if found is not None else ""
