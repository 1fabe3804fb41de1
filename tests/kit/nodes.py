"""A node without parts, and the process around it, for tests of starting and stopping."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from typing_extensions import override

from twisted_kong.core.conf.conf import Conf


class StubNode(Service):
    """Records what is asked of it; ``ready`` and ``drained`` are fired by the test."""

    def __init__(self) -> None:
        self.ready: Deferred[None] = Deferred()
        self.drained: Deferred[None] = Deferred()
        self.reloaded: list[Conf] = []
        self.reload_error: Exception | None = None
        self.start_error: Exception | None = None
        self.reopened = 0
        self.waits: Callable[[str], object] = lambda reason: None

    @override
    def startService(self) -> None:
        super().startService()
        if self.start_error is not None:
            raise self.start_error

    def on_waiting(self, tell: Callable[[str], object]) -> None:
        self.waits = tell

    def when_ready(self) -> Deferred[None]:
        return self.ready

    async def drain(self) -> None:
        await self.drained

    async def reload(self, conf: Conf) -> None:
        self.reloaded.append(conf)
        if self.reload_error is not None:
            raise self.reload_error

    def reopen_logs(self) -> None:
        self.reopened += 1


class StubReactor:
    """Does everything at once and counts the stops."""

    def __init__(self) -> None:
        self.stops = 0

    def callWhenRunning(self, callable: Callable[..., Any]) -> None:  # noqa: N802 - Twisted's name
        callable()

    def callFromThread(self, callable: Callable[..., Any], *args: Any) -> None:  # noqa: N802 - Twisted's name
        callable(*args)

    def stop(self) -> None:
        self.stops += 1


class Signals:
    """Keeps the handlers that were set, and raises signals."""

    def __init__(self) -> None:
        self.handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def set(self, number: int, handler: Callable[[int, FrameType | None], Any]) -> None:
        self.handlers[number] = handler

    def send(self, number: int) -> None:
        self.handlers[number](number, None)
