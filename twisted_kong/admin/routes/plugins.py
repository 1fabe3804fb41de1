"""Plugins: whoever writes one that this version cannot run is told what comes of it."""

from __future__ import annotations

from collections.abc import Collection

from typing_extensions import override

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.kinds import Follow, NamedKind
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Dao, Written

WARNING = "Warning"


class PluginKind(NamedKind):
    """Plugins by id or instance name.

    :param unavailable: the names of those that can be configured and do not run.
    """

    def __init__(self, schema: Schema, dao: Dao, follow: Follow, unavailable: Collection[str]) -> None:
        super().__init__(schema, dao, follow)
        self._unavailable = unavailable

    @override
    async def written(self, status: int, done: Written) -> Answer:
        """The answer to a write, with a warning (RFC 7234 section 5.5) where it makes requests be refused."""
        answer = await super().written(status, done)
        plugin = done.entity
        if plugin is None or not plugin["enabled"] or plugin["name"] not in self._unavailable:
            return answer
        return answer.with_headers((WARNING, warning(plugin["name"])))


def warning(name: str) -> str:
    """The value of the header for a plugin that does not run."""
    return f"299 - \"the plugin '{name}' is not available in this version: requests to it are answered 503\""
