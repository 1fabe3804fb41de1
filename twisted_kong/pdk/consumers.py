"""What all authentication plugins do once they know who asks: tell the later plugins and the Service."""

from __future__ import annotations

from collections import OrderedDict

from twisted_kong.core.changes import Entity
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.phase import ACCESS, wrong_phase
from twisted_kong.pdk.texts import HeaderTable, PreparedHeaders, entity_text

_REMEMBERED = 10_000
_HEADERS = (
    "X-Consumer-ID",
    "X-Consumer-Custom-ID",
    "X-Consumer-Username",
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
)


class Identities:
    """Authenticates with the headers of Kong; those of the last ten thousand identities are kept ready.

    What is kept is held against the very entities it was made of, so a changed one is never served stale.
    """

    def __init__(self) -> None:
        self._ready: OrderedDict[str, tuple[Entity, Entity | None, PreparedHeaders]] = OrderedDict()

    def authenticate(
        self, kong: Kong, consumer: Entity, credential: Entity | None, identifier: str | None
    ) -> None:
        """Set Consumer and credential, and the headers that tell the Service; clients cannot forge them.

        :param credential: None for the anonymous Consumer.
        :param identifier: what the Service is told as ``X-Credential-Identifier``.
        """
        call = kong.call
        if not call.phase & ACCESS:
            raise wrong_phase("kong.client.authenticate", call.phase, ACCESS)
        call.context.consumer = consumer
        call.context.credential = credential
        self.headers(consumer, credential, identifier).apply(call.upstream().change_headers())

    def headers(self, consumer: Entity, credential: Entity | None, identifier: str | None) -> PreparedHeaders:
        """The headers of an identity, ready to be set."""
        key = consumer["id"] if credential is None else credential["id"]
        known = self._ready.get(key)
        if known is None or known[0] is not consumer or known[1] is not credential:
            known = (consumer, credential, identity_headers(consumer, credential, identifier))
            self._ready[key] = known
            if len(self._ready) > _REMEMBERED:
                self._ready.popitem(last=False)
        self._ready.move_to_end(key)
        return known[2]


def identity_headers(consumer: Entity, credential: Entity | None, identifier: str | None) -> PreparedHeaders:
    """The headers of an identity; those that it has no value for are removed."""
    values = {
        "X-Consumer-ID": consumer["id"],
        "X-Consumer-Custom-ID": consumer.get("custom_id"),
        "X-Consumer-Username": consumer.get("username"),
        "X-Credential-Identifier": identifier if credential is not None else None,
        "X-Anonymous-Consumer": "true" if credential is None else None,
    }
    sent: HeaderTable = {name: entity_text(value) for name, value in values.items() if value}
    return PreparedHeaders(sent, remove=_HEADERS)
