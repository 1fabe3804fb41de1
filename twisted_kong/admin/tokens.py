"""Who calls the Admin API, and what he may do there: ``admin_auth = token``.

A token comes with every request, in ``Kong-Admin-Token`` or as ``Authorization: Bearer``.  It is found by its
hash among those that the node holds, so the time that takes tells nothing of the tokens there are.  Nobody is
told whether a token is unknown, has expired or was revoked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Protocol

from twisted.logger import Logger

from twisted_kong.admin.answers import message
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.permissions import Need, Permissions
from twisted_kong.core.admin_tokens import ALL, HASH_FIELD, WRITE, Roles, allows, digest, has_token_shape
from twisted_kong.core.changes import Entity
from twisted_kong.core.conf.secret import Secret

UNAUTHORIZED: Final = message(401, "a valid token is needed: send it as 'Kong-Admin-Token'").with_headers(
    ("WWW-Authenticate", "Bearer")
)

_EVERYTHING: Final[Roles] = {ALL: WRITE}
# The name of the token of the configuration; none of the database can be called so, for its spaces.
CONFIGURED: Final = "of kong.conf"

# What could make the subject of a certificate look like more than one: what stands between names, and what
# ends a line of a log.
_SPECIAL: Final = re.compile(r",(?=\s)|[()\x00-\x1f\x7f-\x9f\u2028\u2029]")

_log = Logger()


class IHeldTokens(Protocol):
    """The tokens that a node holds; see :class:`twisted_kong.node.admin_token_rows.AdminTokenHolder`."""

    def find(self, digest: str) -> Entity | None:
        """The row of the token with a hash."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: from which address, with which token, with a certificate for whom.

    Without a token there are no roles: who was not asked for one may do everything.
    """

    address: str
    token: str | None = None
    subject: str | None = None
    roles: Roles = field(default_factory=lambda: _EVERYTHING)

    @property
    def author(self) -> str:
        """As the log of changes names whoever has made a write."""
        names = (("token", self.token), ("certificate", self.subject and _SPECIAL.sub("?", self.subject)))
        shown = ", ".join(f"{what} {name}" for what, name in names if name is not None)
        return f"{self.address} ({shown})" if shown else self.address


class Gate:
    """Lets in whoever has a token, and then to what its roles allow.

    :param now: epoch seconds.
    :param configured: ``admin_token``, which may do everything.
    """

    def __init__(
        self,
        tokens: IHeldTokens,
        permissions: Permissions,
        now: Callable[[], float],
        configured: Secret | None = None,
    ) -> None:
        self._tokens, self._permissions, self._now = tokens, permissions, now
        self._configured = None if configured is None else digest(configured.reveal())

    def caller(self, offered: str | None, address: str, subject: str | None = None) -> Caller | None:
        """Who comes with a token; None, and a line in the log, for one that is not good."""
        if offered is None:
            return None
        caller = self._known(offered, address, subject)
        if caller is None:
            stranger = Caller(address, subject=subject)
            _log.warn("Admin API: a token that is not good came from {author}", author=stranger.author)
        return caller

    def permit(self, caller: Caller, method: str, pattern: str) -> None:
        """Refuse a method at a path with {names} to a caller whose roles do not allow it.

        :raises Refused: 403, and a line is in the log.
        """
        for need in self._permissions.needs(method, pattern):
            if not allows(caller.roles, need.kind, need.access):
                _log.warn(
                    "Admin API: {method} {pattern} was refused to {author}, who may not {needed}",
                    method=method,
                    pattern=pattern,
                    author=caller.author,
                    needed=_in_words(need),
                )
                raise Refused(403, f"the roles of this token do not allow to {_in_words(need)}")

    def _known(self, offered: str, address: str, subject: str | None) -> Caller | None:
        hashed = digest(offered)
        if self._configured is not None and compare_digest(hashed, self._configured):
            return Caller(address, CONFIGURED, subject)
        if not has_token_shape(offered):
            return None
        row = self._tokens.find(hashed)
        if row is None or not compare_digest(row[HASH_FIELD], hashed):
            return None
        if row["expires_at"] is not None and row["expires_at"] <= self._now():
            return None
        return Caller(address, row["name"], subject, row["roles"])


def offered_token(header: str | None, authorization: str | None) -> str | None:
    """The token in a request's ``Kong-Admin-Token``, else in its ``Authorization``; None if there is none."""
    if header is not None:
        return header.strip()
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


def _in_words(need: Need) -> str:
    return f"{need.access} {'everything' if need.kind == ALL else need.kind}"
