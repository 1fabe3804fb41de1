"""``kong``: what a plugin's method gets to see the gateway through.

One object serves one request; its modules are made when they are first touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.client import Client
from twisted_kong.pdk.gateway import VERSION, VERSION_NUM, Gateway
from twisted_kong.pdk.logging import Log
from twisted_kong.pdk.node import Databases, Ip, Node, PluginCache
from twisted_kong.pdk.phase import FROM_ACCESS, FROM_REWRITE, wrong_phase
from twisted_kong.pdk.request import Request
from twisted_kong.pdk.response import ClientResponse
from twisted_kong.pdk.service import Service


class Surroundings:
    """The modules that all requests of a node share."""

    __slots__ = ("cache", "configuration", "db", "gateway", "ip", "node")

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.configuration = gateway.configuration
        self.cache = PluginCache(gateway)
        self.db = Databases(gateway.database)
        self.node = Node(gateway)
        self.ip = Ip(gateway)


class Memory:
    """``kong.ctx``: what plugins remember from one phase of a request to the next."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def shared(self) -> dict[str, Any]:
        """What all plugins of this request share."""
        return self._call.context.shared

    @property
    def plugin(self) -> dict[str, Any]:
        """What this instance keeps for itself."""
        return self._call.context.state_of(self._call.running_id or self._call.running)


class Routing:
    """``kong.router``: what the request was routed to."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def get_route(self) -> Entity | None:
        """The Route."""
        self._check("get_route")
        return self._call.context.route

    def get_service(self) -> Entity | None:
        """The Route's Service."""
        self._check("get_service")
        return self._call.context.service

    def _check(self, function: str) -> None:
        if not self._call.phase & FROM_ACCESS:
            raise wrong_phase(f"kong.router.{function}", self._call.phase, FROM_ACCESS)


class Instance:
    """``kong.plugin``: the running instance."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def get_id(self) -> str | None:
        """The id of its row."""
        if not self._call.phase & FROM_REWRITE:
            raise wrong_phase("kong.plugin.get_id", self._call.phase, FROM_REWRITE)
        return self._call.running_id


class Kong(Call):
    """The PDK: modules as attributes, as in Kong.

    Outside of a request (``init_worker``, ``configure``) the modules that need one cannot be used.
    ``version`` and ``version_num`` are those of the Kong whose behaviour this is.
    """

    version = VERSION
    version_num = VERSION_NUM

    chain: Any = None
    """The compiled chain of this request, once access has begun."""

    # Made by __getattr__ when they are first touched.
    cache: PluginCache
    client: Client
    configuration: Any
    ctx: Memory
    db: Databases
    ip: Ip
    log: Log
    node: Node
    plugin: Instance
    request: Request
    response: ClientResponse
    router: Routing
    service: Service

    def __init__(self, surroundings: Surroundings, context: RequestContext | None, phase: int) -> None:
        self.surroundings = surroundings
        self.gateway = surroundings.gateway
        if context is not None:
            self.context = context
        self.phase = phase

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make a module at its first use; afterwards it is an attribute like any other."""
            make = _OF_REQUEST.get(name)
            if make is not None:
                module = make(self)
            elif name in _OF_NODE:
                module = getattr(self.surroundings, name)
            else:
                raise AttributeError(f"kong.{name} does not exist" if name != "context" else _NO_REQUEST)
            setattr(self, name, module)
            return module


_NO_REQUEST = "there is no request here"
_OF_REQUEST: dict[str, Callable[[Call], Any]] = {
    "client": Client,
    "ctx": Memory,
    "log": Log,
    "plugin": Instance,
    "request": Request,
    "response": ClientResponse,
    "router": Routing,
    "service": Service,
}
_OF_NODE = frozenset({"cache", "configuration", "db", "ip", "node"})
