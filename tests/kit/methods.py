"""Plugins made of functions by phase, and a node that has some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger, formatEvent

from tests.kit.pdk import a_gateway
from twisted_kong.core.plan import PluginPlan
from twisted_kong.pdk.phases import Phases

Method = Callable[[Any, Any], Any]


class Plugin:
    """A handler made of functions by phase; it records what runs."""

    VERSION = "1.0.0"

    def __init__(self, priority: int, ran: list[str], **methods: Method | None) -> None:
        self.PRIORITY = priority
        for phase, method in methods.items():
            setattr(self, phase, self._recorded(phase, method, ran))

    def _recorded(self, phase: str, method: Method | None, ran: list[str]) -> Method:
        def run(kong: Any, conf: Any = None) -> Any:
            ran.append(
                f"{kong.call.running}.{phase}"
                + (f":{conf['tag']}" if isinstance(conf, dict) and "tag" in conf else "")
            )
            return None if method is None else method(kong, conf)

        return run


class Stage:
    """A node with some plugins, each with one row bound to nothing unless told otherwise."""

    def __init__(self, **plugins: tuple[int, dict[str, Method | None]]) -> None:
        self.ran: list[str] = []
        self.events: list[Any] = []
        self.handlers = {
            name: Plugin(priority, self.ran, **methods) for name, (priority, methods) in plugins.items()
        }
        self.plan = PluginPlan({name: priority for name, (priority, _) in plugins.items()})
        log = Logger("kong", observer=self.events.append)  # type: ignore[arg-type]
        self.gateway = a_gateway(log=log)
        self.phases = Phases(self.plan, self.handlers, self.gateway)

    def row(
        self, name: str, row_id: str | None = None, config: dict[str, Any] | None = None, **bound: str
    ) -> None:
        references = {kind: {"id": id} for kind, id in bound.items()}
        self.plan.put({"id": row_id or name, "name": name, "config": config or {}, **references})

    def rows(self) -> Stage:
        for name in self.handlers:
            self.row(name)
        return self

    @property
    def lines(self) -> list[str]:
        return [formatEvent(event) for event in self.events]
