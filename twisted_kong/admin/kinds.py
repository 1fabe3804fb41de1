"""What can be done to one kind of entity through the Admin API, however the path to it came about.

An entity is addressed by its primary key or by its endpoint key (``services.name`` …): anything that is a
primary key is taken for one, so an entity whose name looks like a UUID can only be reached by its id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from typing_extensions import override

from twisted_kong.admin.answers import Answer, as_json, nothing
from twisted_kong.admin.bodies import Body
from twisted_kong.admin.calls import Call
from twisted_kong.admin.etags import ETAG, etag_of
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.pages import page_body, sorted_page_request
from twisted_kong.core.changes import Entity, Position
from twisted_kong.core.errors import InvalidPrimaryKey
from twisted_kong.core.schema.forms import decode, infer
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Dao, Written
from twisted_kong.db.terms import Terms

# Makes this node follow a write that is done; done when the next request will see it.  False tells that the
# node could not follow in time: the write stands, and the node goes on trying.
Follow = Callable[[Written], Awaitable[bool]]

POSITION = "X-Kong-Position"
APPLIED = "X-Kong-Applied"

# What the path already says of an entity, such as which parent it has.
Fixed = Mapping[str, Any]
NOTHING: Fixed = MappingProxyType({})


class Kind:
    """One kind of entity: its rows by id or name, its pages, its writes.

    :param follow: called with each write, before it is answered.
    """

    def __init__(self, schema: Schema, dao: Dao, follow: Follow) -> None:
        self.schema = schema
        self.dao = dao
        self._follow = follow

    def record(self, body: Body) -> dict[str, Any]:
        """The record in a body."""
        return record_in(self.schema, body)

    async def find(self, key: str) -> Entity:
        """The entity with this id or name.

        :raises Missing: when there is none.
        :raises InvalidPrimaryKey: when the key can be neither.
        """
        field = self._name_field(key)
        entity = await (self.dao.select(key) if field is None else self.dao.select_by(field, key))
        if entity is None:
            raise Missing
        return entity

    async def changes(self, key: str, body: Body) -> dict[str, Any]:
        """The record of a PATCH of the entity with this id or name."""
        return self.record(body)

    async def show(self, key: str) -> Answer:
        """The entity with this id or name."""
        return self.shown(await self.find(key))

    def shown(self, entity: Entity) -> Answer:
        """An entity as the answer to a read."""
        return self._single(200, entity)

    async def page(self, call: Call, foreign: tuple[str, str] | None = None) -> Answer:
        """A page of the collection, or of the children of one parent (field and primary key)."""
        asked = sorted_page_request(call.query)
        page = await self.dao.page(
            *(asked.wanted, asked.offset), tags=asked.tags, foreign=foreign, descending=asked.descending
        )
        rows = [self.schema.present(row) for row in page.rows]
        return as_json(200, page_body(rows, page.offset, call.path, asked, nested=foreign is not None))

    async def create(self, record: Mapping[str, Any], fixed: Fixed = NOTHING, *, terms: Terms) -> Answer:
        """Insert a new entity; what the path says overrides the record."""
        return await self.written(201, await self.dao.insert({**record, **fixed}, terms=terms))

    async def put(
        self, key: str, record: Mapping[str, Any], fixed: Fixed = NOTHING, *, terms: Terms
    ) -> Answer:
        """Put a full document in the place of an entity, or make it."""
        record = {**record, **fixed}
        field = self._name_field(key)
        if field is None:
            return await self.written(200, await self.dao.upsert(key, record, terms=terms))
        return await self.written(200, await self.dao.upsert_by(field, key, record, terms=terms))

    async def patch(
        self, key: str, record: Mapping[str, Any], fixed: Fixed = NOTHING, *, terms: Terms
    ) -> Answer:
        """Merge a record into an entity; what the path says counts only where the record is silent."""
        record = {**fixed, **record}
        field = self._name_field(key)
        if field is None:
            return await self.written(200, await self.dao.update(key, record, terms=terms))
        return await self.written(200, await self.dao.update_by(field, key, record, terms=terms))

    async def delete(self, key: str, *, terms: Terms) -> Answer:
        """Remove an entity; content when there is none."""
        field = self._name_field(key)
        if field is None:
            return await self.written(204, await self.dao.delete(key, terms=terms))
        return await self.written(204, await self.dao.delete_by(field, key, terms=terms))

    async def written(self, status: int, done: Written) -> Answer:
        """The answer to a write, given when this node follows it: the next request sees what was written."""
        headers = await self.follow(done)
        answer = nothing()
        if done.entity is not None:
            answer = self._single(status, done.entity)
        return replace(answer.with_headers(*headers), changed=bool(done.changes))

    async def follow(self, done: Written) -> tuple[tuple[str, str], ...]:
        """Make this node follow a write of its own; the headers that tell how far that went."""
        return headers_of_write(done.position, await self._follow(done))

    def _single(self, status: int, entity: Entity) -> Answer:
        """An answer that is one entity, with the tag by which its next writer may name it."""
        shown = as_json(status, self.schema.present(entity))
        return shown.with_headers((ETAG, etag_of(self.schema, entity)))

    def _name_field(self, key: str) -> str | None:
        """By which field a key addresses an entity; None for the primary key."""
        try:
            self.schema.validate_primary_key(key)
        except InvalidPrimaryKey:
            if self.schema.endpoint_key is None:
                raise
            return self.schema.endpoint_key
        return None


def headers_of_write(position: Position, applied: bool) -> tuple[tuple[str, str], ...]:
    """What tells where a write stands in the log, and that this node could not follow it yet."""
    told = (POSITION, str(position))
    return (told,) if applied else (told, (APPLIED, "false"))


def record_in(schema: Schema, body: Body) -> dict[str, Any]:
    """The record in a body; the texts of a form are read with the schema."""
    if body.pairs is None:
        return dict(body.record)
    return dict(infer(schema, decode(body.pairs)))


class NamedKind(Kind):
    """A kind whose ``name`` says what else its entities hold, as that of plugins says what ``config`` is.

    Kong: a PATCH without the name is read as one with the name that is stored; for a Plugin that is not there
    it is 404 with the plain message, for others with the error object.
    """

    @override
    async def changes(self, key: str, body: Body) -> dict[str, Any]:
        """The record of a PATCH; without a name it goes by that of the entity."""
        names = [pair for pair in body.pairs or () if pair[0] == "name"]
        if names or "name" in body.record:
            return self.record(body)
        try:
            name = (await self.find(key))["name"]
        except Missing:
            if self.schema.name == "plugins":
                raise
            return self.record(body)
        if body.pairs is not None:
            return self.record(Body({}, [*body.pairs, ("name", name)]))
        return {**body.record, "name": name}
