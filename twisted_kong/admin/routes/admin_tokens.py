"""Tokens of the Admin API: what tells one is kept by nobody, and one can be given a new secret.  Ours.

``/admin-tokens/{id or name}/rotate``; the other endpoints of tokens follow from their schema.
"""

from __future__ import annotations

from typing import cast

from typing_extensions import override

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.kinds import Kind
from twisted_kong.core.admin_tokens import TOKEN_FIELD
from twisted_kong.db.dao import Written
from twisted_kong.db.kinds.admin_tokens import AdminTokensDao


class AdminTokenKind(Kind):
    """Tokens by id or name."""

    @override
    async def written(self, status: int, done: Written) -> Answer:
        """The answer to a write; one with a token in it is for the eyes of who asked, and for no cache."""
        answer = await super().written(status, done)
        if done.entity is None or TOKEN_FIELD not in done.entity:
            return answer
        return answer.with_headers(("Cache-Control", "no-store"))


class AdminTokenEndpoints:
    """The endpoint beside those that are generated."""

    def __init__(self, tokens: Kind) -> None:
        self._tokens = tokens

    def table(self) -> Table:
        """Path and handler."""
        return {"/admin-tokens/{admin_tokens}/rotate": {"POST": self.rotate}}

    async def rotate(self, call: Call) -> Answer:
        """POST: give a token a new secret, which only this answer tells."""
        entity = await self._tokens.find(call.params["admin_tokens"])
        dao = cast(AdminTokensDao, self._tokens.dao)
        return await self._tokens.written(200, await dao.rotate(entity["id"], terms=call.terms))
