"""Plugins: one that is bound to a Route or a Service must speak a protocol that this speaks."""

from __future__ import annotations

from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.violations import schema_violation
from twisted_kong.db.dao import Dao

OF_ROUTE = "must match the associated route's protocols"
OF_SERVICE = "must match the protocols of at least one route pointing to this Plugin's service"


class PluginsDao(Dao):
    """Reads and writes Plugins.

    Kong: a Plugin of a Service without Routes may have any protocols, and so may global ones and those of
    Consumers.  A Route that changes later is not held against its Plugins.
    """

    @override
    async def _check(self, entity: Entity, current: Entity | None) -> None:
        protocols = set(entity.get("protocols") or ())
        if entity.get("route") is not None:
            route = await self._context.daos["routes"].select(entity["route"]["id"])
            # a Route that does not exist is refused as such
            if route is not None and protocols.isdisjoint(route["protocols"]):
                raise schema_violation({"protocols": OF_ROUTE})
        elif entity.get("service") is not None and not await self._suits_service(entity, protocols):
            raise schema_violation({"protocols": OF_SERVICE})

    async def _suits_service(self, entity: Entity, protocols: set[str]) -> bool:
        seen = False
        async for route in self._context.daos["routes"].each(foreign=("service", entity["service"]["id"])):
            if not protocols.isdisjoint(route["protocols"]):
                return True
            seen = True
        return not seen
