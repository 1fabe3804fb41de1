"""Keeps rows that refer to secrets in vaults: as they are written, and with the secrets in their place.

Theory.  What is written is what is read, compared and shown; the secrets are only in what a holder makes of a
row.  The Vault entities are rows of the same holder, since references lead through them: they are read first,
and when one comes, changes or goes, every row that refers to it is resolved again and, if it has become
another one, taken over again.  A row is resolved once, when it is taken over, never by a request.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.referring import references, resolved
from twisted_kong.core.schema.schema import Schema
from twisted_kong.core.vaults import UnresolvedReference, Vaults, parse_reference
from twisted_kong.node.holder import Holder
from twisted_kong.node.known_secrets import KnownSecrets
from twisted_kong.node.reading import Key, Reader

VAULTS = "vaults"


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What rows are resolved by.

    :param rows: the DAO of the Vault entities.
    :param schemas: tell which fields may refer.
    :param known: learns what was looked up.
    """

    rows: Reader
    vaults: Vaults
    schemas: Mapping[str, Schema]
    known: KnownSecrets = field(default_factory=KnownSecrets)


@dataclass(frozen=True, slots=True, repr=False)
class Resolved:
    """A row with its secrets, and the names of the vaults they are from; not to be logged."""

    row: Entity
    vaults: frozenset[str]


class ReferringHolder(Holder):
    """A holder of rows that may refer to secrets.

    :param secrets: without them every row is taken as it is written.
    :param ttl: and the further options, see :class:`~twisted_kong.node.holder.Holder`.
    """

    _secrets_log = Logger()

    def __init__(
        self,
        readers: Mapping[str, Reader],
        clock: IReactorTime,
        *,
        secrets: Secrets | None = None,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        first = {} if secrets is None else {VAULTS: secrets.rows}
        super().__init__({**first, **readers}, clock, ttl=ttl, page_size=page_size, changed=changed)
        self._secrets = secrets
        # The Vault entities by prefix.
        self.vaults: dict[str, Entity] = {}
        # The rows that refer to secrets.
        self._resolved: dict[Key, Resolved] = {}

    def secret(self, reference: str) -> str:
        """What a reference stands for now.

        :raises UnresolvedReference: where it leads nowhere
        """
        if self._secrets is None:
            raise UnresolvedReference("this node has no vaults")
        secret = self._secrets.vaults.resolve(reference, self.vaults)
        self._secrets.known.learn(secret)
        return secret

    def row_of(self, kind: str, id: str) -> Entity | None:
        """A row with its secrets; None if there is none of this id."""
        found = self._resolved.get((kind, id))
        return self.rows[kind].get(id) if found is None else found.row

    @abstractmethod
    def _use(self, kind: str, id: str, new: Entity | None) -> Iterator[None]:
        """Take over, in short steps, a row with its secrets, or that there is none any longer."""

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if kind == VAULTS and self._secrets is not None:
            yield from self._vault_changed(id, old, new)
        else:
            self._hold(kind, id, new)
            yield from self._use(kind, id, self._with_secrets(kind, id, new))

    def _vault_changed(self, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        self._hold(VAULTS, id, new)
        if old is not None and self.vaults.get(old["prefix"]) == old:
            del self.vaults[old["prefix"]]
        if new is not None:
            self.vaults[new["prefix"]] = new
        prefixes = {row["prefix"] for row in (old, new) if row is not None}
        for key, before in list(self._resolved.items()):
            if before.vaults & prefixes:
                yield from self._resolve_again(key, before)
            yield

    def _resolve_again(self, key: Key, before: Resolved) -> Iterator[None]:
        kind, id = key
        row = self._with_secrets(kind, id, self.rows[kind].get(id))
        if row == before.row:
            return
        try:
            yield from self._use(kind, id, row)
        except Exception:
            # The others that refer to this vault shall still be resolved.
            self._secrets_log.failure("cannot use {kind} {id}, it is left out", kind=kind, id=id)
        self._changed()

    def _with_secrets(self, kind: str, id: str, row: Entity | None) -> Entity | None:
        self._resolved.pop((kind, id), None)
        if row is None or self._secrets is None:
            return row
        fields = self._secrets.schemas[kind].fields_for(row)
        vaults = {_vault_of(reference) for reference in references(fields, row)}
        if not vaults:
            return row
        complete = resolved(fields, row, lambda reference: self._secret_of(kind, id, reference))
        self._resolved[kind, id] = Resolved(complete, frozenset(vaults))
        return complete

    def _secret_of(self, kind: str, id: str, reference: str) -> str:
        """What a reference stands for.  Kong: an empty text, and a warning, where it leads nowhere."""
        try:
            return self.secret(reference)
        except UnresolvedReference as why:
            self._secrets_log.warn(
                "unable to resolve reference {reference} of {kind} {id}: {why}",
                reference=reference,
                kind=kind,
                id=id,
                why=why,
            )
            return ""


def _vault_of(reference: str) -> str:
    try:
        return parse_reference(reference).vault
    except UnresolvedReference:
        # It leads nowhere, whatever vaults there are.
        return ""
