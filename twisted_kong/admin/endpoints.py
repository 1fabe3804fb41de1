"""The endpoints that follow from the schemas alone: collections, single entities, both nested in each other.

For a kind E that refers to a kind P by a field F there are, beside ``/E`` and ``/E/{E}``::

    /P/{P}/E        the children of one parent        /E/{E}/F    the parent of one child
    /P/{P}/E/{E}    one of these children

Kong's kong.api.endpoints; the tables of methods and statuses are in docs/reference/admin-api.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from twisted_kong.admin.answers import METHOD_NOT_ALLOWED, Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.kinds import Kind
from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.staging import JointWrites


def generated(kinds: Mapping[str, Kind], joint: JointWrites) -> Table:
    """The endpoints of all kinds.

    :param joint: makes what must be written together.
    """
    table: Table = {}
    schemas = {name: kind.schema for name, kind in kinds.items()}
    for kind in kinds.values():
        if has_endpoints(kind.schema):
            table.update(_own(kind))
            for field, parent in parents_of(kind.schema, schemas):
                table.update(_nested(kinds[parent.name], kind, field, joint))
    return table


def collection_path(schema: Schema) -> str:
    """The path of a kind's collection, ``/services``."""
    return f"/{schema.admin_api_name or schema.name}"


def entity_path(schema: Schema) -> str:
    """The path of one entity, ``/services/{services}``."""
    return single_path(collection_path(schema), schema)


def single_path(collection: str, schema: Schema) -> str:
    """The path of one entity of a kind in a collection, that of a parent's children perhaps."""
    return f"{collection}/{{{schema.name}}}"


def nested_path(parent: Schema, child: Schema) -> str:
    """The path of a parent's children, ``/consumers/{consumers}/key-auth``."""
    segment = child.admin_api_nested_name or child.admin_api_name or child.name
    return f"{entity_path(parent)}/{segment}"


def parent_path(child: Schema, field: str) -> str:
    """The path from a child to the parent that a field of it refers to, ``/routes/{routes}/service``."""
    return f"{entity_path(child)}/{field}"


def has_endpoints(schema: Schema) -> bool:
    """Whether a kind has endpoints of its own."""
    return schema.generate_admin_api


def parents_of(schema: Schema, schemas: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """The fields of a kind that refer to kinds with endpoints of their own, each with that kind."""
    for field, foreign in schema.foreign.items():
        parent = schemas.get(foreign.reference)
        if parent is not None and has_endpoints(parent):
            yield field, parent


def _own(kind: Kind) -> Table:
    name = kind.schema.name

    async def get_list(call: Call) -> Answer:
        return await kind.page(call)

    async def post(call: Call) -> Answer:
        return await kind.create(kind.record(call.body), terms=call.terms)

    async def get(call: Call) -> Answer:
        return await kind.show(call.params[name])

    async def put(call: Call) -> Answer:
        return await kind.put(call.params[name], kind.record(call.body), terms=call.terms)

    async def patch(call: Call) -> Answer:
        key = call.params[name]
        return await kind.patch(key, await kind.changes(key, call.body), terms=call.terms)

    async def delete(call: Call) -> Answer:
        return await kind.delete(call.params[name], terms=call.terms)

    return {
        collection_path(kind.schema): {"GET": get_list, "POST": post},
        entity_path(kind.schema): {"GET": get, "PUT": put, "PATCH": patch, "DELETE": delete},
    }


def _nested(parent: Kind, child: Kind, field: str, joint: JointWrites) -> Table:
    path = nested_path(parent.schema, child.schema)
    children = _Children(parent, child, field)
    through = _ParentOfChild(parent, child, field, joint)
    return {
        path: {"GET": children.page, "POST": children.post},
        single_path(path, child.schema): {
            "GET": children.get,
            "PUT": children.put,
            "PATCH": children.patch,
            "DELETE": children.delete,
        },
        parent_path(child.schema, field): {
            "GET": through.get,
            "PUT": through.put,
            "PATCH": through.patch,
            "DELETE": through.delete,
        },
    }


class _Children:
    """The entities of one kind that refer to one entity of another: ``/P/{P}/E`` and ``/P/{P}/E/{E}``."""

    def __init__(self, parent: Kind, child: Kind, field: str) -> None:
        self._parent = parent
        self._child = child
        self._field = field

    async def page(self, call: Call) -> Answer:
        """GET: a page of the children."""
        return await self._child.page(call, (self._field, (await self._parent_of(call))["id"]))

    async def post(self, call: Call) -> Answer:
        """POST: a new child of this parent, whatever parent the body names."""
        fixed = self._reference(await self._parent_of(call))
        return await self._child.create(self._child.record(call.body), fixed, terms=call.terms)

    async def get(self, call: Call) -> Answer:
        """GET: one child."""
        return self._child.shown(await self._own(call))

    async def put(self, call: Call) -> Answer:
        """PUT: a full document; may take a child away from another parent."""
        fixed = self._reference(await self._parent_of(call))
        record = self._child.record(call.body)
        return await self._child.put(self._key(call), record, fixed, terms=call.terms)

    async def patch(self, call: Call) -> Answer:
        """PATCH: may move the child to another parent."""
        child = await self._own(call)
        changes = await self._child.changes(child["id"], call.body)
        fixed = {self._field: child[self._field]}
        return await self._child.patch(child["id"], changes, fixed, terms=call.terms)

    async def delete(self, call: Call) -> Answer:
        """DELETE: only what is there and of this parent."""
        return await self._child.delete((await self._own(call))["id"], terms=call.terms)

    def _key(self, call: Call) -> str:
        return call.params[self._child.schema.name]

    async def _parent_of(self, call: Call) -> Entity:
        return await self._parent.find(call.params[self._parent.schema.name])

    async def _own(self, call: Call) -> Entity:
        parent = await self._parent_of(call)
        child = await self._child.find(self._key(call))
        if child[self._field] != {"id": parent["id"]}:
            raise Missing
        return child

    def _reference(self, parent: Entity) -> dict[str, dict[str, str]]:
        return {self._field: {"id": parent["id"]}}


class _Adopted(Exception):
    """What had no parent a moment ago was given one by somebody else."""


class _ParentOfChild:
    """The entity to which another refers: ``/E/{E}/F``."""

    def __init__(self, parent: Kind, child: Kind, field: str, joint: JointWrites) -> None:
        self._joint = joint
        self._parent = parent
        self._child = child
        self._field = field

    async def get(self, call: Call) -> Answer:
        """GET: the parent."""
        return await self._parent.show(await self._linked(call))

    async def put(self, call: Call) -> Answer:
        """PUT: replace the parent; where there is none, make one and refer to it, both or neither."""
        child = await self._one(call)
        record = self._parent.record(call.body)
        if child[self._field] is not None:
            return await self._parent.put(child[self._field]["id"], record, terms=call.terms)

        async def adopt(database: Database) -> Entity:
            parents, children = database[self._parent.schema.name], database[self._child.schema.name]
            orphan = await children.select(child["id"])
            if orphan is None:
                raise Missing
            if orphan[self._field] is not None:
                raise _Adopted
            parent = (await parents.insert(record, terms=call.terms)).entity
            assert parent is not None
            link = {self._field: parents.table.primary_key_of(parent)}
            await children.update(child["id"], link, terms=call.terms.without_precondition())
            return parent

        try:
            made = await self._joint.make(adopt, call.terms)
        except _Adopted:
            return await self.put(call)
        return await self._parent.written(
            200, Written(made.result, made.committed.position, made.committed.changes)
        )

    async def patch(self, call: Call) -> Answer:
        """PATCH: merge into the parent."""
        key = await self._linked(call)
        changes = await self._parent.changes(key, call.body)
        return await self._parent.patch(key, changes, terms=call.terms)

    async def delete(self, call: Call) -> Answer:
        """DELETE: never allowed on the parent of something; 404 where there is no parent."""
        await self._linked(call)
        return METHOD_NOT_ALLOWED

    async def _one(self, call: Call) -> Entity:
        return await self._child.find(call.params[self._child.schema.name])

    async def _linked(self, call: Call) -> str:
        reference = (await self._one(call))[self._field]
        if reference is None:
            raise Missing
        key: str = reference["id"]
        return key


def without(table: Table, paths: Iterable[str]) -> Table:
    """The table without some paths: those that Kong keeps to itself."""
    dropped = set(paths)
    return {path: handlers for path, handlers in table.items() if path not in dropped}
