"""Keeps the Certificates and CA certificates of a node: what it shows to Services and trusts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.node.certificates import KeyPair
from twisted_kong.node.reading import Reader
from twisted_kong.node.secrets import ReferringHolder, Secrets


class CertificateHolder(ReferringHolder):
    """The certificates of a node by id, kept current.

    :param changed: called after each row that was applied: connections made from now on must not use what
        was derived from the old one.
    :param secrets: and the further options, see :class:`~twisted_kong.node.secrets.ReferringHolder`.
    """

    def __init__(
        self,
        certificates: Reader,
        ca_certificates: Reader,
        clock: IReactorTime,
        *,
        secrets: Secrets | None = None,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        readers = {"certificates": certificates, "ca_certificates": ca_certificates}
        super().__init__(readers, clock, secrets=secrets, ttl=ttl, page_size=page_size, changed=changed)

    def pair_of(self, id: str) -> KeyPair | None:
        """A Certificate with its key; None if there is none of this id, or a secret of it cannot be had."""
        row = self.row_of("certificates", id)
        if row is None or not (row["cert"] and row["key"]):
            return None
        return KeyPair(row["cert"].encode(), row["key"].encode())

    def authorities_of(self, ids: Iterable[str]) -> bytes | None:
        """CA certificates, PEM one after the other; None unless all of them are there."""
        rows = [self.rows["ca_certificates"].get(id) for id in ids]
        found = [row["cert"] for row in rows if row is not None]
        return "\n".join(found).encode() if len(found) == len(rows) else None

    @override
    def _use(self, kind: str, id: str, new: Entity | None) -> Iterator[None]:
        # Held already, and that is all.
        yield
