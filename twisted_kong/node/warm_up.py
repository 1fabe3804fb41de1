"""Fills the entity cache before the first request (``db_cache_warmup_entities``).

Each kind is read page by page, one page at a time, and kept under the keys that requests look for.  Every
page has its lease, so what changes while it is read is not kept.  The cache only saves time: an error is
logged and ends the warming up, never the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from twisted_kong.core.cache_keys import cache_key
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import DatabaseError
from twisted_kong.core.schema.schema import Schema
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.reading import Page

# Kinds that the holders keep in memory, whatever is configured.
HELD: Final = frozenset(
    {
        "services",
        "routes",
        "plugins",
        "upstreams",
        "targets",
        "certificates",
        "ca_certificates",
        "admin_tokens",
    }
)
PAGE_SIZE: Final = 500

_log = Logger()


class Source(Protocol):
    """What is needed of a DAO."""

    @property
    def schema(self) -> Schema:
        """Tells the keys."""

    async def page(self, size: object = 100, offset: str | None = None) -> Page:
        """A page of rows by ascending id."""


async def warm_up(
    cache: EntityCache,
    daos: Mapping[str, Source],
    kinds: Iterable[str],
    workspace: str,
    clock: IReactorTime,
) -> None:
    """Read all entities of some kinds into the cache, as far as there is room; done when that has ended.

    :param workspace: the id that the keys end with.
    """
    for kind in kinds:
        if kind in HELD:
            _tell_held(kind)
        elif kind not in daos:
            _log.warn(
                "{kind} is not a valid entity name, please check the value of 'db_cache_warmup_entities'",
                kind=kind,
            )
        elif not await _warm_up_kind(cache, daos[kind], kind, workspace, clock):
            return


def _tell_held(kind: str) -> None:
    # Kong: services are named there by default, so they are no mistake.
    if kind != "services":
        _log.info(
            "the '{kind}' entity is ignored in the list of 'db_cache_warmup_entities' because "
            "{kind} are kept in memory separately",
            kind=kind,
        )


async def _warm_up_kind(
    cache: EntityCache, dao: Source, kind: str, workspace: str, clock: IReactorTime
) -> bool:
    """Whether there was room for all of it, and no error."""
    begun = clock.seconds()
    _log.info("Preloading '{kind}' into the core_cache...", kind=kind)
    evictions, offset = cache.statistics.evictions, None
    while True:
        try:
            offset = await _warm_up_page(cache, dao, workspace, offset)
        except DatabaseError as error:
            _log.warn("cache warmup has been stopped: {error}", error=error)
            return False
        if cache.statistics.evictions > evictions:
            _log.warn(
                "cache warmup has been stopped because cache memory is exhausted, "
                "please consider increasing the value of 'mem_cache_size'"
            )
            return False
        if offset is None:
            break
    milliseconds = round((clock.seconds() - begun) * 1000)
    _log.info("finished preloading '{kind}' into the core_cache (in {ms}ms)", kind=kind, ms=milliseconds)
    return True


async def _warm_up_page(cache: EntityCache, dao: Source, workspace: str, offset: str | None) -> str | None:
    lease = cache.gather()
    rows: Iterable[Entity] = ()
    try:
        page = await dao.page(PAGE_SIZE, offset)
        rows = page.rows
    finally:
        cache.fill(lease, ((cache_key(dao.schema, row, workspace), row) for row in rows))
    return page.offset
