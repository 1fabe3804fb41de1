"""``kong.client``: who is at the other end, and who that was found to be."""

from __future__ import annotations

import re

from twisted_kong.core.changes import Entity
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.phase import ACCESS, FROM_ACCESS, REQUEST, wrong_phase

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Whether this is an id, in the form in which ids are kept."""
    return _UUID.fullmatch(text) is not None


class Client:
    """The client of a request."""

    __slots__ = ("_call", "_ctx")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ctx = call.context

    def _check(self, function: str, allowed: int) -> None:
        if not self._call.phase & allowed:
            raise wrong_phase(f"kong.client.{function}", self._call.phase, allowed)

    def get_ip(self) -> str:
        """The address of the peer that is connected."""
        self._check("get_ip", REQUEST)
        return self._ctx.peer_ip

    def get_forwarded_ip(self) -> str:
        """The address of the client, as a trusted peer tells it (``real_ip_header``), else the peer's."""
        self._check("get_forwarded_ip", REQUEST)
        return self._ctx.client_ip

    def get_port(self) -> int:
        """The port of the peer that is connected."""
        self._check("get_port", REQUEST)
        return self._ctx.peer_port

    def get_forwarded_port(self) -> int:
        """The port of the client, as a trusted peer tells it, else the peer's."""
        self._check("get_forwarded_port", REQUEST)
        return self._ctx.client_port

    def get_credential(self) -> Entity | None:
        """The credential that authenticated the request."""
        self._check("get_credential", FROM_ACCESS)
        return self._ctx.credential

    def get_consumer(self) -> Entity | None:
        """The Consumer that was authenticated, or the anonymous one."""
        self._check("get_consumer", FROM_ACCESS)
        return self._ctx.consumer

    async def load_consumer(self, consumer_id: str, by_username: bool = False) -> Entity | None:
        """A Consumer by its id or, with ``by_username``, by its name if no id fits; None if there is none.

        :raises ValueError: the id is no UUID and ``by_username`` was not given.
        """
        self._check("load_consumer", FROM_ACCESS)
        if not by_username and not is_uuid(consumer_id):
            raise ValueError("cannot load a consumer with an id that is not a uuid")
        gateway = self._call.gateway

        async def load() -> Entity | None:
            consumers = gateway.database["consumers"]
            found: Entity | None = None
            if is_uuid(consumer_id):
                found = await consumers.select(consumer_id)
            if found is None and by_username:
                found = await consumers.select_by("username", consumer_id)
            return found

        loaded: Entity | None = await gateway.cache.get(self._key(consumer_id), load)
        return loaded

    def _key(self, name: str) -> str:
        return f"consumers:{name}:::::{self._call.gateway.workspace()}"

    def authenticate(self, consumer: Entity | None, credential: Entity | None) -> None:
        """Say who the client is; plugins of lower priority then run as configured for this Consumer.

        :raises ValueError: both are None.
        """
        self._check("authenticate", ACCESS)
        if consumer is None and credential is None:
            raise ValueError("either credential or consumer must be provided")
        self._ctx.consumer = consumer
        self._ctx.credential = credential

    def get_protocol(self, allow_terminated: bool = False) -> str | None:
        """The protocol of the Route if it has only one, else that of the request.

        :param allow_terminated: whether a trusted peer's ``X-Forwarded-Proto: https`` counts as https.
        """
        self._check("get_protocol", FROM_ACCESS)
        route = self._ctx.route
        protocols = (route.get("protocols") or []) if route else []
        if len(protocols) == 1:
            return str(protocols[0])
        if allow_terminated and self._ctx.trusted:
            given = self._ctx.head.headers.get(b"x-forwarded-proto")
            if given is not None and given.lower() == b"https":
                return "https"
        return self._ctx.scheme
