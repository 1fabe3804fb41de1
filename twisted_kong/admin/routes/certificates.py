"""Certificates, which are also addressed by the name of one of their SNIs: ``/certificates/{id or sni}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.kinds import NOTHING, Fixed, Follow, Kind
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import InvalidPrimaryKey
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.dao import Dao
from twisted_kong.db.terms import Terms
from twisted_kong.db.violations import not_found


class CertificateKind(Kind):
    """Certificates by id or SNI.

    :param snis: the DAO of the SNIs that lead to Certificates.
    """

    def __init__(self, schema: Schema, dao: Dao, follow: Follow, snis: Dao) -> None:
        super().__init__(schema, dao, follow)
        self._snis = snis

    @override
    async def find(self, key: str) -> Entity:
        """The Certificate. Kong: one missing by id is 404 with the error object, an SNI with a message."""
        certificate = await self._id(key)
        entity = await self.dao.select(certificate)
        if entity is None:
            raise not_found({"id": certificate})
        return entity

    @override
    async def put(
        self, key: str, record: Mapping[str, Any], fixed: Fixed = NOTHING, *, terms: Terms
    ) -> Answer:
        """Put a Certificate; by a name that no SNI has, make it together with that SNI."""
        certificate = await self._id_or_none(key)
        if certificate is not None:
            return await super().put(certificate, record, fixed, terms=terms)
        names = record.get("snis") or []
        if isinstance(names, list) and key not in names:
            names = [*names, key]
        record = {**record, **fixed, "snis": names}
        return await self.written(200, await self.dao.insert(record, terms=terms))

    @override
    async def patch(
        self, key: str, record: Mapping[str, Any], fixed: Fixed = NOTHING, *, terms: Terms
    ) -> Answer:
        """Merge a record into a Certificate."""
        return await super().patch(await self._id(key), record, fixed, terms=terms)

    @override
    async def delete(self, key: str, *, terms: Terms) -> Answer:
        """Remove a Certificate; by an SNI only one that is there."""
        return await super().delete(await self._id(key), terms=terms)

    async def _id(self, key: str) -> str:
        certificate = await self._id_or_none(key)
        if certificate is None:
            raise Refused(404, "SNI not found")
        return certificate

    async def _id_or_none(self, key: str) -> str | None:
        try:
            self.schema.validate_primary_key(key)
        except InvalidPrimaryKey:
            sni = await self._snis.select_by("name", key)
            return None if sni is None else str(sni["certificate"]["id"])
        return key
