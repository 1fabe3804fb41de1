"""Tokens of the Admin API: the store makes them, keeps their hashes, and tells each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from twisted_kong.core.admin_tokens import ALL, HASH_FIELD, TOKEN_FIELD, WRITE, digest, new_token
from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.fields import UNKNOWN
from twisted_kong.core.schema.violations import schema_violation
from twisted_kong.db.dao import Dao, Written
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.schemas import VIEWS
from twisted_kong.db.terms import NO_TERMS, Terms
from twisted_kong.db.ttl import Ttl

OVER = "must be in the future"
ONLY_ALL_WRITES = f"tokens can only be written with the role {ALL} = {WRITE}"


class AdminTokensDao(Dao):
    """Reads and writes tokens.

    What is written anew carries the token itself in the field ``token`` of :attr:`Written.entity`, which is
    not stored; a token that exists keeps its secret whatever is written, until it is rotated.
    """

    @override
    async def insert(
        self, record: Mapping[str, Any], *, ttl: object = None, terms: Terms = NO_TERMS
    ) -> Written:
        token = self._new_token()
        done = await super().insert(_with_hash(record, token), ttl=ttl, terms=terms)
        return _told(done, token)

    @override
    async def update(
        self, pk: Any, record: Mapping[str, Any], *, ttl: object = None, terms: Terms = NO_TERMS
    ) -> Written:
        return await super().update(pk, _without_hash(record), ttl=ttl, terms=terms)

    @override
    async def update_by(
        self,
        field: str,
        value: Any,
        record: Mapping[str, Any],
        *,
        ttl: object = None,
        terms: Terms = NO_TERMS,
    ) -> Written:
        return await super().update_by(field, value, _without_hash(record), ttl=ttl, terms=terms)

    @override
    async def upsert(
        self, pk: Any, record: Mapping[str, Any], *, ttl: object = None, terms: Terms = NO_TERMS
    ) -> Written:
        token = self._new_token()
        return _told(await super().upsert(pk, _with_hash(record, token), ttl=ttl, terms=terms), token)

    @override
    async def upsert_by(
        self,
        field: str,
        value: Any,
        record: Mapping[str, Any],
        *,
        ttl: object = None,
        terms: Terms = NO_TERMS,
    ) -> Written:
        token = self._new_token()
        done = await super().upsert_by(field, value, _with_hash(record, token), ttl=ttl, terms=terms)
        return _told(done, token)

    async def rotate(self, pk: Any, *, terms: Terms = NO_TERMS) -> Written:
        """Give a token that exists a new secret; the old one is good for nothing from then on."""
        token = self._new_token()
        return _told(await super().update(pk, {HASH_FIELD: digest(token)}, terms=terms), token)

    @override
    async def _examine(self, record: Mapping[str, Any], key: str | None) -> None:
        roles = record.get("roles")
        if not isinstance(roles, dict):
            return
        known = {ALL, *self._context.daos, *VIEWS}
        for kind in roles:
            if kind not in known:
                # it would allow nothing, but whoever wrote it meant something
                raise schema_violation({"roles": f"unknown kind of entity: {kind}"})
        if roles.get(self.schema.name) == WRITE:
            raise schema_violation({"roles": ONLY_ALL_WRITES})

    @override
    async def _check(self, entity: Entity, current: Entity | None) -> None:
        await super()._check(entity, current)
        end = entity.get("expires_at")
        if end is None or (current is not None and current.get("expires_at") == end):
            return
        if end <= self._context.write_context().now:
            # Perhaps seconds from now were meant.
            raise schema_violation({"expires_at": OVER})

    @override
    async def _replace(
        self, current: Stored | None, record: Mapping[str, Any], lifetime: Ttl, terms: Terms
    ) -> Written:
        if current is not None:
            record = {**record, HASH_FIELD: current.entity[HASH_FIELD]}
        return await super()._replace(current, record, lifetime, terms)

    def _new_token(self) -> str:
        return new_token(self._context.write_context().new_token)


def _without_hash(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record, refused if it tries to say what the secret is."""
    if HASH_FIELD in record:
        raise schema_violation({HASH_FIELD: UNKNOWN})
    return record


def _with_hash(record: Mapping[str, Any], token: str) -> Mapping[str, Any]:
    return {**_without_hash(record), HASH_FIELD: digest(token)}


def _told(done: Written, token: str) -> Written:
    """What was written, with the token if it is the one that is good now."""
    if done.entity is None or done.entity[HASH_FIELD] != digest(token):
        return done
    return replace(done, entity={**done.entity, TOKEN_FIELD: token})
