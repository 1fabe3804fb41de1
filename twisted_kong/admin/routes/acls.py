"""Groups of a Consumer, also addressed by name below it: ``/consumers/{consumers}/acls/{group}``."""

from __future__ import annotations

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.kinds import Kind
from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.validators import is_uuid

PATH = "/consumers/{consumers}/acls/{acls}"


class GroupEndpoints:
    """The endpoints of one group of one Consumer, by the id of the membership or by the group's name."""

    def __init__(self, consumers: Kind, acls: Kind) -> None:
        self._consumers = consumers
        self._acls = acls

    def table(self) -> Table:
        """Path and handlers."""
        return {PATH: {"GET": self.get, "PUT": self.put, "PATCH": self.patch, "DELETE": self.delete}}

    async def get(self, call: Call) -> Answer:
        """GET: one group of the Consumer."""
        return self._acls.shown(await self._own(call))

    async def put(self, call: Call) -> Answer:
        """PUT: put the Consumer into a group; by id may take a membership away from another Consumer."""
        consumer = {"id": (await self._consumer(call))["id"]}
        record, key = self._acls.record(call.body), call.params["acls"]
        if is_uuid(key):
            return await self._acls.put(key, record, {"consumer": consumer}, terms=call.terms)
        fixed = {"consumer": consumer, "group": key}
        found = await self._acls.dao.select_by_cache_key(fixed)
        if found is not None:
            return await self._acls.put(found["id"], record, fixed, terms=call.terms)
        made = await self._acls.dao.insert({**record, **fixed}, terms=call.terms)
        return await self._acls.written(200, made)

    async def patch(self, call: Call) -> Answer:
        """PATCH: may move the membership to another Consumer."""
        own = await self._own(call)
        record = self._acls.record(call.body)
        return await self._acls.patch(own["id"], record, {"consumer": own["consumer"]}, terms=call.terms)

    async def delete(self, call: Call) -> Answer:
        """DELETE: take the Consumer out of a group that it is in."""
        return await self._acls.delete((await self._own(call))["id"], terms=call.terms)

    async def _consumer(self, call: Call) -> Entity:
        return await self._consumers.find(call.params["consumers"])

    async def _own(self, call: Call) -> Entity:
        consumer, key = {"id": (await self._consumer(call))["id"]}, call.params["acls"]
        if is_uuid(key):
            found: Entity | None = await self._acls.find(key)
        else:
            found = await self._acls.dao.select_by_cache_key({"consumer": consumer, "group": key})
        if found is None or found["consumer"] != consumer:
            raise Missing
        return found
