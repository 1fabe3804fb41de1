"""Plugins: whoever writes a configuration that this version cannot keep is told what comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import override

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.kinds import Follow, NamedKind
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Dao, Written

WARNING = "Warning"

Shortfall = Callable[[str, Mapping[str, Any]], "str | None"]

# What has no place in the quoted text of a header as it is.
_SPECIAL = re.compile(r'["\\]')
_UNPRINTABLE = re.compile(r"[^ -~]")


class PluginKind(NamedKind):
    """Plugins by id or instance name.

    :param shortfall: what of the configuration of a plugin by name this version cannot keep, if anything.
    """

    def __init__(self, schema: Schema, dao: Dao, follow: Follow, shortfall: Shortfall) -> None:
        super().__init__(schema, dao, follow)
        self._shortfall = shortfall

    @override
    async def written(self, status: int, done: Written) -> Answer:
        """The answer to a write, with a warning (RFC 7234 section 5.5) where it will not do what it says."""
        answer = await super().written(status, done)
        plugin = done.entity
        if plugin is None or not plugin["enabled"]:
            return answer
        text = self._shortfall(plugin["name"], plugin["config"])
        return answer if text is None else answer.with_headers((WARNING, warning(plugin["name"], text)))


def warning(name: str, shortfall: str) -> str:
    """The value of the header: code, no agent, quoted text."""
    text = _SPECIAL.sub(r"\\\g<0>", _UNPRINTABLE.sub("?", f"the plugin '{name}' {shortfall}"))
    return f'299 - "{text}"'
