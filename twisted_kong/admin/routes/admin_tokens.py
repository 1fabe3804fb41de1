"""``/admin-tokens/{id or name}/rotate``: a new secret for a token that stays what it is.  Ours.

The other endpoints of tokens follow from their schema.
"""

from __future__ import annotations

from typing import cast

from twisted_kong.admin.answers import Answer
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.kinds import Kind
from twisted_kong.db.kinds.admin_tokens import AdminTokensDao


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
