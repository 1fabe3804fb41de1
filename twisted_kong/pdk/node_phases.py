"""Runs what plugins have to do for the node and not for a request: ``init_worker`` and ``configure``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.plan import PluginPlan
from twisted_kong.pdk.chains import Chains
from twisted_kong.pdk.driving import begin
from twisted_kong.pdk.failures import report
from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.kong import Kong, Surroundings
from twisted_kong.pdk.phase import CONFIGURE, INIT_WORKER


class NodePhases:
    """The plugins of a node, outside of requests.

    :param plan: the rows; changed by its holder whenever a row does.
    :param handlers: the loaded plugins' handlers by name (:mod:`twisted_kong.pdk.loader`).
    """

    def __init__(self, plan: PluginPlan, handlers: dict[str, Any], gateway: Gateway) -> None:
        self._plan = plan
        self._handlers = handlers
        self._gateway = gateway
        self._surroundings = Surroundings(gateway)
        self._chains = Chains(plan, handlers, gateway)
        self._shortfalls = {
            name: handler.shortfall for name, handler in handlers.items() if hasattr(handler, "shortfall")
        }
        self._told: dict[str, Entity] = {}

    async def init_worker(self) -> None:
        """Let every loaded plugin prepare itself, once before the first request; errors are raised."""
        for name, handler in self._in_order("init_worker"):
            await self._outside(INIT_WORKER, name, handler.init_worker)

    async def configure(self) -> None:
        """Tell the plugins that ask for it their present configurations; after start and each change of rows.

        Each gets the list of them, or None if there are none; an error is logged.  What a plugin cannot keep
        of a configuration is logged once, at level error.
        """
        self._tell_shortfalls()
        for name, handler in self._in_order("configure"):
            rows = [row for row in self._plan.all_rows() if row["name"] == name]
            confs = [self._chains.conf_of(row) for row in rows] or None
            try:
                await self._outside(CONFIGURE, name, handler.configure, confs)
            except Exception:
                report(self._gateway, name, "configure", None)

    def _tell_shortfalls(self) -> None:
        """Of each row with a configuration that is new; one pass, since there may be many rows."""
        told, self._told = self._told, {}
        for row in self._plan.all_rows():
            tell = self._shortfalls.get(row["name"])
            if tell is None:
                continue
            self._told[row["id"]] = row
            before = told.get(row["id"])
            if before is not row and (before is None or before["config"] != row["config"]):
                self._tell_shortfall(row, tell)

    def _tell_shortfall(self, row: Entity, tell: Callable[[Any], str | None]) -> None:
        try:
            text = tell(row["config"])
        except Exception:
            report(self._gateway, row["name"], "shortfall", None)
            return
        if text is not None:
            kong = Kong(self._surroundings, None, CONFIGURE)
            kong.call.running = row["name"]
            kong.log.err("the instance ", row["id"], " ", text)

    def _in_order(self, method: str) -> list[tuple[str, Any]]:
        named = (item for item in self._handlers.items() if hasattr(item[1], method))
        return sorted(named, key=lambda item: (-item[1].PRIORITY, item[0]))

    async def _outside(self, phase: int, name: str, method: Any, *arguments: Any) -> None:
        kong = Kong(self._surroundings, None, phase)
        kong.call.running = name
        waiting = begin(method(kong, *arguments))
        if waiting is not None:
            await waiting
