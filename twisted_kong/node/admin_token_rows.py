"""Keeps the tokens of the Admin API: those that come with requests are found without asking the database.

So a token is good while the database is away, one that was revoked is good for nothing as soon as this node
hears of the change, and no guess, however many there are, costs a read.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from twisted_kong.core.admin_tokens import HASH_FIELD
from twisted_kong.core.changes import Entity
from twisted_kong.node.holder import Holder
from twisted_kong.node.reading import Reader


class AdminTokenHolder(Holder):
    """The tokens by their hashes, kept current.

    :param ttl: and the further options, see :class:`~twisted_kong.node.holder.Holder`.
    """

    def __init__(
        self, tokens: Reader, clock: IReactorTime, *, ttl: float = 0.0, page_size: int = 200
    ) -> None:
        super().__init__({"admin_tokens": tokens}, clock, ttl=ttl, page_size=page_size)
        self._by_hash: dict[str, Entity] = {}

    def find(self, digest: str) -> Entity | None:
        """The row of the token with a hash; it may have expired."""
        return self._by_hash.get(digest)

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if old is not None:
            self._by_hash.pop(old[HASH_FIELD], None)
        if new is not None:
            self._by_hash[new[HASH_FIELD]] = new
        yield
