"""Reads everything a store holds as a document.

It is read page by page, while others write; so the log of changes is asked before and after, and what did
change meanwhile is read once more, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.declarative import kong_format
from twisted_kong.core.declarative.deck_format import DeckDocument
from twisted_kong.core.declarative.kinds import WORKSPACES, Kinds
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.garbage import young_only
from twisted_kong.db.scanning import PAGE
from twisted_kong.db.turns import Turns

Format = Literal["kong", "deck"]

# How often everything is read to find it unchanged.
ATTEMPTS = 3


class Exporter:
    """Writes documents.

    :param clock: tells the time, and gives others their turn meanwhile.
    """

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock
        self._kinds = Kinds({name: database.schemas[name] for name in database.schemas})

    async def text(self, format: Format = "kong", *, ids: bool = False) -> str:
        """All that the store holds, as YAML.

        :param ids: in decK's format, whether to keep the ids of what has a name.
        """
        work: Callable[[], Awaitable[str]] = self._kong if format == "kong" else lambda: self._deck(ids)
        text = ""
        for _ in range(ATTEMPTS):
            before = str(await self._database.log.head())
            with young_only():
                text = await work()
            if str(await self._database.log.head()) == before:
                break
        return text

    async def _kong(self) -> str:
        turns = Turns(self._clock)
        lines = list(kong_format.head_lines())
        for kind in self._kinds.names:
            if kind == WORKSPACES:
                continue
            dao, first = self._database[kind], True
            async for entity in dao.each(PAGE):
                if first:
                    lines.append(kong_format.kind_line(kind))
                    first = False
                lines += kong_format.entity_lines(dao.schema, entity)
                await turns.pause()
        return _joined(lines)

    async def _deck(self, ids: bool) -> str:
        turns = Turns(self._clock)
        document = DeckDocument(self._kinds, ids=ids)
        for kind in document.kinds:
            async for entity in self._database[kind].each(PAGE):
                document.add(kind, entity)
                await turns.pause()
        return _joined(await turns.finish(document.lines()))


def _joined(lines: list[str]) -> str:
    return "\n".join([*lines, ""])
