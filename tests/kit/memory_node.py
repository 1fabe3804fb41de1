"""The composition root without sockets: listeners are recorded, time moves by hand, rows are in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from typing_extensions import override

from tests.kit.admin_client import AdminClient
from tests.kit.deferreds import outcome, started, success_of
from tests.kit.running import make_conf
from tests.kit.stores import make_ids
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.schema.registry import Schemas
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Cursor, Selection, StoredPage
from twisted_kong.db.strategies.memory import MemoryData, MemoryStrategy
from twisted_kong.db.tables import Table
from twisted_kong.service.build import Parts
from twisted_kong.service.ground import Ground
from twisted_kong.service.host import Host
from twisted_kong.service.node import KongNode

T = TypeVar("T")

START = 1_795_479_400.0
# More turns than anything of a node needs while no time passes.
TURNS = 200


class RecordedPort:
    """A listener that knows whether it still listens."""

    def __init__(self, port: int, interface: str, factory: Any) -> None:
        self.factory = factory
        self.listening = True
        self._address = IPv4Address("TCP", interface, port)

    def stopListening(self) -> None:  # noqa: N802 - Twisted's name
        """Listen no more."""
        self.listening = False

    def getHost(self) -> IPv4Address:  # noqa: N802 - Twisted's name
        """Where it listens."""
        return self._address


class RecordingReactor(MemoryReactorClock):
    """Records its listeners; ``in_use`` are ports that nobody can listen on."""

    def __init__(self) -> None:
        super().__init__()
        self.advance(START)
        self.ports: list[RecordedPort] = []
        self.in_use: set[int] = set()

    @override
    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        if port in self.in_use:
            raise CannotListenError(interface, port, OSError(98, "Address already in use"))
        self.ports.append(RecordedPort(port, interface, factory))
        return self.ports[-1]

    @property
    def listening(self) -> list[int]:
        """The ports that are listened on now."""
        return [port.getHost().port for port in self.ports if port.listening]

    def turn(self) -> None:
        """Do all that is due now."""
        for _ in range(TURNS):
            self.advance(0)


class SlowStrategy(MemoryStrategy):
    """Rows in memory, whose opening and reading a test can hold up or let fail."""

    def __init__(self, reactor: RecordingReactor, data: MemoryData) -> None:
        super().__init__(reactor, lambda: "00c0ffee", data)
        self.open = False
        self.start_waits: Deferred[None] | None = None
        self.start_error: Exception | None = None
        self.page_error: Exception | None = None

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        if self.start_error is not None:
            raise self.start_error
        if self.start_waits is not None:
            await self.start_waits
        await super().start(tables, migrate=migrate)
        self.open = True

    @override
    async def stop(self) -> None:
        self.open = False
        await super().stop()

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        if self.page_error is not None:
            raise self.page_error
        return await super().page(table, size, cursor, selection)


class MemoryNode:
    """A node that is not started, and what it is given.

    :param settings: as in kong.conf; proxy, Admin and Status API have the ports 8000, 8001 and 8100.
    """

    def __init__(self, directory: Path, *, data: MemoryData | None = None, **settings: object) -> None:
        # The origin of its changes, to be set before the start where nodes share their data.
        self.instance = "this-process"
        self.reactor = RecordingReactor()
        self.listening_when_loaded: list[int] | None = None
        self.directory = directory
        self.conf = self.configured(**settings)
        ids = iter(f"ffffffff-0000-4000-8000-{number:012x}" for number in range(1000))
        self.host = Host("test-host", lambda: 42, lambda: next(ids), bytes, self._loaded)
        self.strategy = SlowStrategy(self.reactor, MemoryData() if data is None else data)
        self.node = KongNode(self.conf, self.reactor, host=self.host, make_database=self.make_database)

    def configured(self, **settings: object) -> Conf:
        """A configuration of this node with these settings."""
        (self.directory / "node").mkdir(exist_ok=True)
        listeners = {
            "proxy_listen": "127.0.0.1:8000",
            "admin_listen": "127.0.0.1:8001",
            "status_listen": "127.0.0.1:8100",
        }
        return make_conf(self.directory, **{**listeners, **settings})

    @property
    def parts(self) -> Parts:
        """What the node is made of, once it is up."""
        assert self.node.parts is not None
        return self.node.parts

    @property
    def ground(self) -> Ground:
        """What the node's parts stand on."""
        return Ground(self.conf, self.reactor, self.host, "1605be63-8326-4b7d-adf7-8eb22a9d711a")

    def make_database(self, ground: Ground, schemas: Schemas) -> Database:
        """The rows in memory."""
        return Database(self.strategy, schemas, ground.reactor, make_ids(self.instance))

    def start(self) -> None:
        """Start the node, which must come up."""
        self.node.startService()
        self.settle(self.node.when_ready())

    def stop(self) -> None:
        """Stop the node and see that it leaves nothing behind."""
        self.settle(self.node.stopService())
        assert self.reactor.listening == []
        assert self.reactor.getDelayedCalls() == []
        assert not self.strategy.open

    def settle(self, awaitable: Awaitable[T]) -> T:
        """What it comes to while no time passes."""
        deferred = started(awaitable)
        self.reactor.turn()
        return success_of(deferred)

    def fails(self) -> BaseException:
        """Start the node, which must not come up, and leave nothing behind; the reason."""
        self.node.startService()
        seen = outcome(self.node.when_ready())
        self.reactor.turn()
        assert seen, "no result yet"
        assert not self.strategy.open
        assert self.reactor.listening == []
        assert self.reactor.getDelayedCalls() == []
        reason: BaseException = seen[0].value
        return reason

    def client(self, port: int) -> AdminClient:
        """Talks to the site that listens on a port."""
        (listener,) = [each for each in self.reactor.ports if each.getHost().port == port and each.listening]
        return AdminClient(listener.factory, f"localhost:{port}")

    def _loaded(self) -> None:
        self.listening_when_loaded = list(self.reactor.listening)


def started_node(directory: Path, **settings: object) -> Iterator[MemoryNode]:
    """A node that is up, for a fixture; it is stopped in the end."""
    node = MemoryNode(directory, **settings)
    node.start()
    yield node
    node.stop()
