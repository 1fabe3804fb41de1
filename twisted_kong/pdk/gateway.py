"""What the requests of one node share, as far as plugins may know of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from twisted.logger import Logger

from twisted_kong.core.replies import Replies
from twisted_kong.core.vaults import Vaults

VERSION = "3.9.1"
"""The version of Kong whose behaviour and PDK this node has."""
VERSION_NUM = 3009001
PDK_VERSION = "1.0.0"
PDK_MAJOR_VERSION = 1

Loader = Callable[[], Awaitable[Any]]


class CacheLike(Protocol):
    """What the PDK asks of the entity cache (:class:`twisted_kong.node.cache.EntityCache`)."""

    def peek(self, key: str) -> Any:
        """The value, ``MISS`` or ``ABSENT``; at once."""
        ...

    async def get(
        self, key: str, loader: Loader, *, ttl: float | None = None, neg_ttl: float | None = None
    ) -> Any:
        """The value, read by ``loader`` if need be; None if there is none."""
        ...

    def probe(self, key: str) -> Any:
        """What is cached, without use of it."""
        ...

    def invalidate(self, key: str) -> bool:
        """Purge a key of this node."""
        ...


class DaoLike(Protocol):
    """What the PDK asks of a DAO."""

    async def select(self, pk: Any) -> Any:
        """The entity with this id, or None."""
        ...

    async def select_by(self, field: str, value: Any) -> Any:
        """The entity with this unique value, or None."""
        ...

    async def page(self, size: int = 100, offset: str | None = None) -> Any:
        """Some of the entities, and where the next page starts."""
        ...

    def each(self, page_size: int = 100) -> Any:
        """All entities, one after the other."""
        ...


class DatabaseLike(Protocol):
    """The DAOs by kind of entity, and the workspace."""

    @property
    def workspace(self) -> str:
        """The id of the workspace ``default``, known once the database is started."""
        ...

    def __getitem__(self, kind: str) -> Any:
        """The DAO of a kind; KeyError if there is no such kind."""
        ...


@dataclass(frozen=True, slots=True)
class Gateway:
    """A node, as plugins see it.

    :param is_trusted: whether an address is in ``trusted_ips``.
    :param configuration: the node's settings, read-only.
    :param new_uuid: makes a version 4 UUID.
    :param seconds: the time, in epoch seconds.
    :param pid: of the process that runs the plugins.
    :param secret: what a reference to a secret stands for; UnresolvedReference where it leads nowhere.
    """

    cache: CacheLike
    database: DatabaseLike
    node_id: str
    hostname: str
    new_uuid: Callable[[], str]
    seconds: Callable[[], float]
    is_trusted: Callable[[str], bool] = lambda address: False
    configuration: Any = None
    replies: Replies = field(default_factory=Replies)
    pid: int = 0
    log: Logger = field(default_factory=lambda: Logger("kong"))
    log_level: str = "notice"
    secret: Callable[[str], str] = Vaults(installed=frozenset()).resolve

    def workspace(self) -> str:
        """The id of the workspace, as part of cache keys."""
        return self.database.workspace
