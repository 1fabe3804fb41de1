"""``kong.service``: where the request goes, and how patiently."""

from __future__ import annotations

from twisted_kong.core.context import Upstream
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.phase import ACCESS, BALANCER, PREREAD, wrong_phase
from twisted_kong.pdk.service_request import ServiceRequest
from twisted_kong.pdk.service_response import ServiceResponse

_MOST_RETRIES = 32767
_LONGEST = 2**31 - 2


class NoService(RuntimeError):
    """The Route has no Service, so there is no way to it that could be changed."""


class Service:
    """The way to the Service; ``request`` is what it is sent, ``response`` what it answered."""

    __slots__ = ("_call", "request", "response")

    def __init__(self, call: Call) -> None:
        self._call = call
        self.request = ServiceRequest(call)
        self.response = ServiceResponse(call)

    def _upstream(self, function: str, allowed: int) -> Upstream:
        if not self._call.phase & allowed:
            raise wrong_phase(f"kong.service.{function}", self._call.phase, allowed)
        upstream = self._call.context.upstream
        if upstream is None:
            raise NoService(f"kong.service.{function}: the Route has no Service")
        return upstream

    async def set_upstream(self, name: str) -> bool:
        """Send the request to an Upstream; False, and nothing changed, if there is none of this name."""
        upstream = self._upstream("set_upstream", ACCESS)
        gateway = self._call.gateway
        found = await gateway.cache.get(
            f"upstreams:{name}:::::{gateway.workspace()}",
            lambda: gateway.database["upstreams"].select_by("name", name),
        )
        if found is None:
            return False
        upstream.host = name
        return True

    def set_target(self, host: str, port: int) -> None:
        """Send the request to this host and port.

        :raises ValueError: the port is not from 0 to 65535, or the host is empty.
        """
        upstream = self._upstream("set_target", ACCESS | BALANCER | PREREAD)
        if not host:
            raise ValueError("host must not be empty")
        if not 0 <= port <= 65535:
            raise ValueError("port must be an integer between 0 and 65535")
        upstream.host, upstream.port = host, port

    def set_retries(self, retries: int) -> None:
        """How many further tries to make, 0 to 32767."""
        upstream = self._upstream("set_retries", ACCESS)
        if not 0 <= retries <= _MOST_RETRIES:
            raise ValueError("retries must be an integer between 0 and 32767")
        upstream.retries = retries

    def set_timeouts(self, connect_timeout: int, write_timeout: int, read_timeout: int) -> None:
        """How long to wait, in milliseconds: 1 to 2147483646 each."""
        upstream = self._upstream("set_timeouts", ACCESS)
        for timeout in (connect_timeout, write_timeout, read_timeout):
            if not 1 <= timeout <= _LONGEST:
                raise ValueError(f"timeouts must be integers between 1 and {_LONGEST}")
        upstream.connect_timeout = connect_timeout
        upstream.write_timeout = write_timeout
        upstream.read_timeout = read_timeout
