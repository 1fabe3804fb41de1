"""``/cache``: look into the node's entity cache, and drop what is in it.

Ours: the listing ``GET /cache`` (Kong: 405), and ``DELETE /cache`` as a soft purge: what is cached is still
served once more while it is read again, so that emptying the cache of a busy node does not stampede its
database.  Kong drops everything at once.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted_kong.admin.answers import Answer, as_json, nothing
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.masking import Masking
from twisted_kong.admin.pages import page_body, page_request, start_of
from twisted_kong.core.cache import Listed
from twisted_kong.db.paging import check_size
from twisted_kong.node.cache_listing import Wanted


class ICache(Protocol):
    """What is asked of the entity cache; see :class:`twisted_kong.node.cache.EntityCache`."""

    def probe(self, key: str) -> Listed | None:
        """What is cached under a key."""

    async def listed(self, wanted: Wanted) -> list[Listed]:
        """What is cached, as far as it is wanted."""

    def invalidate(self, key: str) -> bool:
        """Purge a key."""

    def soft_purge(self) -> None:
        """Let everything be read again."""


def cache_table(cache: ICache, masking: Masking) -> Table:
    """The endpoints of a cache.

    :param masking: hides credentials in the keys that are listed; who knows one may ask for it.
    """

    async def listing(call: Call) -> Answer:
        arguments = call.arguments
        asked = page_request(arguments)
        size, start = check_size(asked.wanted), start_of(asked.offset)
        entity, id = _one(arguments.get("entity")), _one(arguments.get("id"))
        rows = [_row(entry, masking) for entry in await cache.listed(Wanted(start, size + 1, entity, id))]
        offset = str(start + size) if len(rows) > size else None
        body = page_body(rows[:size], offset, call.path, asked)
        for name in ("entity", "id"):
            if body["next"] is not None and name in arguments:
                body["next"] += f"&{name}={_one(arguments[name])}"
        return as_json(200, body)

    async def show(call: Call) -> Answer:
        entry = cache.probe(call.params["key"])
        if entry is None:
            raise Missing
        if entry.state == "miss":
            # Kong: a cached miss answers an empty object
            return as_json(200, {})
        return as_json(200, entry.value if isinstance(entry.value, dict) else {"message": entry.value})

    async def drop(call: Call) -> Answer:
        cache.invalidate(call.params["key"])
        return nothing()

    async def purge(call: Call) -> Answer:
        cache.soft_purge()
        return nothing()

    return {"/cache": {"GET": listing, "DELETE": purge}, "/cache/{key}": {"GET": show, "DELETE": drop}}


def _row(entry: Listed, masking: Masking) -> dict[str, Any]:
    return {
        "key": masking.cache_key(entry.key),
        "state": entry.state,
        "age": round(entry.age, 3),
        "ttl": None if entry.ttl is None else round(entry.ttl, 3),
        "soft": entry.soft,
    }


def _one(value: str | list[str] | None) -> str | None:
    return value[-1] if isinstance(value, list) else value
