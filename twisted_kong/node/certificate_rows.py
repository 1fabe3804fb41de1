"""Keeps the certificates of a node: those it shows to clients, by name, and to Services, and trusts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.node.certificates import KeyPair
from twisted_kong.node.reading import Key, Reader
from twisted_kong.node.secrets import ReferringHolder, Secrets


class CertificateHolder(ReferringHolder):
    """The certificates of a node by id and by server name, kept current.

    ``watchers`` are told the id of each Certificate that came, changed or went, or whose secrets did.

    :param changed: called after each certificate that was applied, not after names: connections made from
        now on must not use what was derived from the old one.
    :param secrets: and the further options, see :class:`~twisted_kong.node.secrets.ReferringHolder`.
    """

    def __init__(
        self,
        certificates: Reader,
        ca_certificates: Reader,
        snis: Reader,
        clock: IReactorTime,
        *,
        secrets: Secrets | None = None,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        readers = {"certificates": certificates, "ca_certificates": ca_certificates, "snis": snis}
        super().__init__(readers, clock, secrets=secrets, ttl=ttl, page_size=page_size)
        self._certificate_changed = changed
        self.watchers: list[Callable[[str], object]] = []
        # The SNI of each name.
        self._named: dict[str, Entity] = {}

    def certificate_for(self, name: str) -> Entity | None:
        """The Certificate, with its secrets, that clients are shown who ask for this name in lower case.

        Kong: the name itself comes before ``*.rest``, that before ``first.*``, that before ``*``.  Of each
        only one label is left to the star.  None means the node's own; also for the empty name of a client
        that sends none, whom ``*`` does not cover.
        """
        named = self._named
        if not named or not name:
            return None
        sni = named.get(name)
        if sni is None:
            if "." in name:
                rest, beginning = name.partition(".")[2], name.rpartition(".")[0]
                sni = named.get(f"*.{rest}") or named.get(f"{beginning}.*")
            sni = sni or named.get("*")
        return None if sni is None else self.row_of("certificates", sni["certificate"]["id"])

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
    def _references(self, kind: str, row: Entity) -> Iterable[Key]:
        return (("certificates", row["certificate"]["id"]),) if kind == "snis" else ()

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if kind == "snis":
            self._name(old, new)
        yield from super()._steps(kind, id, old, new)

    def _name(self, old: Entity | None, new: Entity | None) -> None:
        # The name of one that is gone may be another's already: rows are read in any order.
        if old is not None and self._named.get(old["name"].lower(), {}).get("id") == old["id"]:
            del self._named[old["name"].lower()]
        if new is not None:
            self._named[new["name"].lower()] = new

    @override
    def _use(self, kind: str, id: str, new: Entity | None) -> Iterator[None]:
        # Held already; what was made of it counts no longer.
        if kind == "certificates":
            for tell in self.watchers:
                tell(id)
        if kind != "snis":
            self._certificate_changed()
        yield
