"""``kong``: what a plugin's method gets to see the gateway through.

One object serves one request; its modules are made when they are first touched.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.client import Client
from twisted_kong.pdk.gateway import PDK_MAJOR_VERSION, PDK_VERSION, VERSION, VERSION_NUM, Gateway
from twisted_kong.pdk.logging import Log
from twisted_kong.pdk.node import Databases, Ip, Node, PluginCache
from twisted_kong.pdk.phase import FROM_ACCESS, FROM_REWRITE, wrong_phase
from twisted_kong.pdk.request import Request
from twisted_kong.pdk.response import ClientResponse
from twisted_kong.pdk.service import Service
from twisted_kong.pdk.vault import Vault


class Surroundings:
    """The modules that all requests of a node share."""

    __slots__ = ("cache", "db", "gateway", "ip", "node", "vault")

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.cache = PluginCache(gateway)
        self.db = Databases(gateway.database)
        self.node = Node(gateway)
        self.ip = Ip(gateway)
        self.vault = Vault(gateway)


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


# Kong's modules that this version does not have.
_MISSING = frozenset(
    (
        *("cluster", "cluster_events", "nginx", "table", "telemetry", "timer", "tracing"),
        "worker_events",
    )
)


class _Module:
    """Makes a module when it is first touched; afterwards it is an attribute like any other."""

    def __init__(self, make: Callable[[Any], Any], of: str = "call") -> None:
        self._make = make
        self._of = of
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, kong: Kong | None, owner: type) -> Any:
        if kong is None:
            return self
        module = kong.__dict__[self._name] = self._make(kong.__dict__[self._of])
        return module


class Kong:
    """The PDK: modules as attributes, as in Kong.

    Outside of a request (``init_worker``, ``configure``) the modules that need one cannot be used.
    ``version`` and ``version_num`` are those of the Kong whose behaviour this is.
    ``call`` and ``surroundings`` are for the gateway's own plugins, where a module would cost too much.
    """

    version = VERSION
    version_num = VERSION_NUM
    pdk_version = PDK_VERSION
    pdk_major_version = PDK_MAJOR_VERSION

    if TYPE_CHECKING:
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
        vault: Vault
    else:
        cache = _Module(attrgetter("cache"), "surroundings")
        client = _Module(Client)
        configuration = _Module(attrgetter("gateway.configuration"), "surroundings")
        ctx = _Module(Memory)
        db = _Module(attrgetter("db"), "surroundings")
        ip = _Module(attrgetter("ip"), "surroundings")
        log = _Module(Log)
        node = _Module(attrgetter("node"), "surroundings")
        plugin = _Module(Instance)
        request = _Module(Request)
        response = _Module(ClientResponse)
        router = _Module(Routing)
        service = _Module(Service)
        vault = _Module(attrgetter("vault"), "surroundings")

    def __init__(self, surroundings: Surroundings, context: RequestContext | None, phase: int) -> None:
        self.surroundings = surroundings
        self.call = Call(surroundings.gateway, context, phase)

    if not TYPE_CHECKING:
        # Type checkers know the modules by themselves, and shall find misspelled ones.
        def __getattr__(self, name: str) -> Any:
            """Only asked for what is missing."""
            if name in _MISSING:
                raise AttributeError(f"kong.{name} is not part of this version of the gateway")
            raise AttributeError(f"there is no module kong.{name}")
