"""Certificates: the list ``snis`` that is written and shown with one stands for rows of the kind ``snis``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import ForeignKeyViolation
from twisted_kong.core.schema.violations import schema_violation
from twisted_kong.db.dao import Dao, Written
from twisted_kong.db.interfaces import LostRace, Selection, Stored, Write
from twisted_kong.db.scanning import all_rows
from twisted_kong.db.terms import Terms
from twisted_kong.db.ttl import Ttl


class CertificatesDao(Dao):
    """Reads and writes Certificates together with their SNIs.

    A list given with a write becomes the Certificate's SNIs, in the same transaction: missing ones are made,
    others are removed.  A patch without the list leaves them; a put without it, or a null, is an empty list.
    Removing a Certificate removes its SNIs.
    """

    @override
    async def _examine(self, record: Mapping[str, Any], key: str | None) -> None:
        """Kong: the names are judged before the rest of the record."""
        names = record.get("snis")
        if names is None:
            return
        if not isinstance(names, list):
            raise schema_violation({"snis": "expected an array"})
        snis = self._context.daos["snis"]
        for name in names:
            snis.schema.validate_unique("name", name)
            if names.count(name) > 1:
                raise schema_violation({"snis": f"{name} is duplicated"})
        for name in names:
            sni = await snis.select_by("name", name)
            if sni is not None and sni["certificate"]["id"] != key:
                owner = sni["certificate"]["id"]
                raise schema_violation(
                    {"snis": f"{name} already associated with existing certificate '{owner}'"}
                )

    @override
    async def _replace(
        self, current: Stored | None, record: Mapping[str, Any], lifetime: Ttl, terms: Terms
    ) -> Written:
        return await super()._replace(current, {"snis": None, **record}, lifetime, terms)

    @override
    async def _put(
        self,
        write: Write,
        entity: Entity,
        before: Entity | None,
        record: Mapping[str, Any],
        terms: Terms,
    ) -> Written:
        """A precondition is on what is shown, so others must not have changed the SNIs since it was judged.

        Their rows are no part of the Certificate's, whose own may well stay as it was, within one second.
        """
        if before is not None and terms.precondition is not None:
            keys = tuple(sni["id"] for sni in await self._snis_of(before))
            write = replace(write, family=("snis", "certificate", keys))
            await self._judge(terms, Stored(before, b""))
        return await super()._put(write, entity, before, record, terms)

    @override
    async def _companions(
        self, entity: Entity | None, current: Entity | None, record: Mapping[str, Any]
    ) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
        if entity is not None and "snis" not in record:
            return (), ()
        rows = () if current is None else await self._sni_rows_of(current)
        present = {row.entity["name"]: row for row in rows}
        if entity is None:
            return _removals(present.values()), ()
        wanted = sorted(record["snis"] or ())
        surplus = [row for name, row in present.items() if name not in wanted]
        made = tuple(self._new_sni(name, entity["id"]) for name in wanted if name not in present)
        return (), _removals(surplus) + made

    @override
    async def _remove(self, current: Stored | None, terms: Terms) -> Written:
        try:
            return await super()._remove(current, terms)
        except ForeignKeyViolation as error:
            if error.fields == {"@referenced_by": "snis"}:
                # Those that it had go with it: another has been made meanwhile, and goes too.
                raise LostRace(error.message) from error
            raise

    @override
    async def _decorate(self, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        return tuple(
            [
                {**entity, "snis": sorted(sni["name"] for sni in await self._snis_of(entity))}
                for entity in entities
            ]
        )

    async def _snis_of(self, certificate: Entity) -> list[Entity]:
        snis = self._context.daos["snis"]
        return [sni async for sni in snis.each(foreign=("certificate", certificate["id"]))]

    async def _sni_rows_of(self, certificate: Entity) -> list[Stored]:
        """The same as they are stored, which tells whether they have changed by the time they are removed."""
        table = self._context.daos["snis"].table
        of_it = Selection(foreign=("certificate", certificate["id"]))
        return [row async for row in all_rows(self._context.strategy, table, of_it)]

    def _new_sni(self, name: str, certificate: str) -> Write:
        snis = self._context.daos["snis"]
        record = {"name": name, "certificate": {"id": certificate}}
        entity = snis.schema.process_insert(record, self._context.write_context())
        return Write("snis", "insert", entity["id"], entity)


def _removals(rows: Iterable[Stored]) -> tuple[Write, ...]:
    """Of these very rows: one that was led to another Certificate meanwhile is not this one's to remove."""
    return tuple(Write("snis", "delete", row.entity["id"], expected=row.document) for row in rows)
