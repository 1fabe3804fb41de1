"""``/proxy-cache``: look at the answers that proxy-cache keeps on this node, and drop them."""

from __future__ import annotations

from typing import Protocol

from twisted_kong.admin.answers import Answer, as_json, nothing, page
from twisted_kong.admin.calls import Call, Table
from twisted_kong.core.errors import InvalidPrimaryKey
from twisted_kong.db.dao import Dao
from twisted_kong.node.stored_answers import StoredAnswer

NAME = "proxy-cache"
PATH = "/proxy-cache"
ONE = f"{PATH}/{{cache_key}}"
OF_PLUGIN = f"{PATH}/{{plugin_id}}/caches/{{cache_key}}"

# Kong: nothing is said here, so nginx's page is sent
_MISSING = page(404)


class IStoredAnswers(Protocol):
    """What is asked of the store; see :class:`twisted_kong.node.stored_answers.StoredAnswers`."""

    def get(self, key: str) -> StoredAnswer | None:
        """The answer under a key."""

    def drop(self, key: str) -> bool:
        """Forget an answer; whether there was one."""

    def purge(self) -> None:
        """Forget all."""


class ProxyCacheEndpoints:
    """The endpoints that come with the plugin.

    :param plugins: the DAO of Plugins: an answer may be asked for below the instance that keeps it.
    """

    def __init__(self, answers: IStoredAnswers, plugins: Dao) -> None:
        self._answers = answers
        self._plugins = plugins

    def table(self) -> Table:
        """Paths and handlers."""
        return {
            PATH: {"DELETE": self.purge},
            ONE: {"GET": self.show, "DELETE": self.drop},
            OF_PLUGIN: {"GET": self.show_below, "DELETE": self.drop_below},
        }

    async def purge(self, call: Call) -> Answer:
        """DELETE: forget all answers."""
        self._answers.purge()
        return nothing()

    async def show(self, call: Call) -> Answer:
        """GET: one answer."""
        found = self._answers.get(call.params["cache_key"])
        return _MISSING if found is None else as_json(200, found)

    async def drop(self, call: Call) -> Answer:
        """DELETE: forget one answer."""
        return nothing() if self._answers.drop(call.params["cache_key"]) else _MISSING

    async def show_below(self, call: Call) -> Answer:
        """GET: one answer of an instance."""
        return await self.show(call) if await self._is_instance(call) else _MISSING

    async def drop_below(self, call: Call) -> Answer:
        """DELETE: forget one answer of an instance."""
        return await self.drop(call) if await self._is_instance(call) else _MISSING

    async def _is_instance(self, call: Call) -> bool:
        try:
            plugin = await self._plugins.select(call.params["plugin_id"])
        except InvalidPrimaryKey:
            return False
        return plugin is not None and plugin["name"] == NAME
