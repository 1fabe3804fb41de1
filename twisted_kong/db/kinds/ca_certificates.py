"""CA certificates: one that is used stays, though it is referred to from within lists only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import ReferencedByOthers
from twisted_kong.db.dao import Dao


class CaCertificatesDao(Dao):
    """Reads and writes CA certificates.

    Before one is removed all Services and Plugins are gone through; they are not indexed by it, because CA
    certificates are removed rarely.
    """

    @override
    async def _check_removal(self, current: Entity) -> None:
        for kind, holder in (("services", _whole), ("plugins", _config)):
            async for entity in self._context.daos[kind].each():
                if current["id"] in (holder(entity).get("ca_certificates") or ()):
                    raise ReferencedByOthers(
                        f"ca certificate {current['id']} is still referenced by {kind} (id = {entity['id']})"
                    )


def _whole(entity: Entity) -> Mapping[str, Any]:
    return entity


def _config(entity: Entity) -> Mapping[str, Any]:
    return entity.get("config") or {}
