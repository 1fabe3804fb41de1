"""``kong.node``, ``kong.ip``, ``kong.cache`` and ``kong.db``: what does not depend on a request."""

from __future__ import annotations

import ipaddress
from typing import Any

from twisted_kong.core.cache import ABSENT, MISS
from twisted_kong.pdk.gateway import DaoLike, DatabaseLike, Gateway, Loader

__all__ = ["ABSENT", "MISS", "Dao", "Databases", "Ip", "Node", "PluginCache"]


class Node:
    """This node."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def get_id(self) -> str:
        """The node's id, a UUID that survives restarts."""
        return self._gateway.node_id

    def get_hostname(self) -> str:
        """The name of the machine."""
        return self._gateway.hostname

    def get_pid(self) -> int:
        """The process that runs the plugins (beyond Kong, which has ``ngx.worker.pid``)."""
        return self._gateway.pid

    def new_uuid(self) -> str:
        """A new random UUID (beyond Kong, which has ``kong.tools.uuid``)."""
        return self._gateway.new_uuid()


class Ip:
    """Addresses."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def is_trusted(self, address: str) -> bool:
        """Whether an address is in ``trusted_ips``; ValueError if it is no address."""
        ipaddress.ip_address(address)
        return self._gateway.is_trusted(address)


class PluginCache:
    """The node's entity cache.

    Keys of entities are those of Kong, so that a change of the entity purges them; a plugin's own keys should
    start with its name.
    """

    __slots__ = ("_gateway", "get", "invalidate_local", "peek", "probe")

    def __init__(self, gateway: Gateway) -> None:
        cache = gateway.cache
        self._gateway = gateway
        self.peek = cache.peek
        """The value, ``MISS`` if there is known to be none, ``ABSENT`` if it must be read; at once."""
        self.get = cache.get
        """``await get(key, loader, ttl=None, neg_ttl=None)``: the value, read once however many ask."""
        self.probe = cache.probe
        """What is cached under a key, without using it."""
        self.invalidate_local = cache.invalidate
        """Purge a key on this node."""

    def key(self, entity: str, *parts: str) -> str:
        """The key of an entity, by the values of its cache key (at most five)."""
        if len(parts) > 5:
            raise ValueError("a cache key has at most five parts")
        padded = ":".join((*parts, "", "", "", "", "")[:5])
        return f"{entity}:{padded}:{self._gateway.workspace()}"

    async def load(
        self, key: str, loader: Loader, *, ttl: float | None = None, neg_ttl: float | None = None
    ) -> Any:
        """The same as ``get``, under a name that no attribute hides."""
        return await self.get(key, loader, ttl=ttl, neg_ttl=neg_ttl)


class Dao:
    """The reading half of a DAO."""

    __slots__ = ("each", "page", "select", "select_by")

    def __init__(self, dao: DaoLike) -> None:
        self.select = dao.select
        self.select_by = dao.select_by
        self.page = dao.page
        self.each = dao.each


class Databases:
    """The entities by kind, for reading: ``kong.db["consumers"]``, ``kong.db.consumers``."""

    __slots__ = ("_daos", "_database")

    def __init__(self, database: DatabaseLike) -> None:
        self._database = database
        self._daos: dict[str, Dao] = {}

    def __getitem__(self, kind: str) -> Dao:
        dao = self._daos.get(kind)
        if dao is None:
            dao = self._daos[kind] = Dao(self._database[kind])
        return dao

    def __getattr__(self, kind: str) -> Dao:
        try:
            return self[kind]
        except KeyError:
            raise AttributeError(f"there is no kind of entity named {kind!r}") from None
