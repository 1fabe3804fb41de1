"""``PUT …/targets/{target}[/{address}]/healthy`` and ``…/unhealthy``: an operator knows better.

All nodes are told by the log of changes, see :mod:`twisted_kong.node.health.settings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted_kong.admin.answers import Answer, nothing
from twisted_kong.admin.calls import Call, Handler, Table
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.kinds import Kind
from twisted_kong.admin.routes.targets import PATH, TargetEndpoints
from twisted_kong.core.balancer.targets import parse_target
from twisted_kong.core.changes import Entity
from twisted_kong.core.health.checks import checks_of
from twisted_kong.core.hosts import InvalidHost, parse_host
from twisted_kong.node.health.settings import Setting


class HealthSetting:
    """The endpoints that set the health of Targets.

    :param parameters: where it is written, for all to follow.
    :param now: epoch seconds.
    """

    def __init__(self, targets: TargetEndpoints, parameters: Kind, now: Callable[[], float]) -> None:
        self._targets = targets
        self._parameters = parameters
        self._now = now

    def table(self) -> Table:
        """Paths and handlers."""
        table: Table = {}
        for state, healthy in (("healthy", True), ("unhealthy", False)):
            handler = self._setter(healthy)
            table[f"{PATH}/{{targets}}/{state}"] = {"PUT": handler}
            table[f"{PATH}/{{targets}}/{{address}}/{state}"] = {"PUT": handler}
        return table

    def _setter(self, healthy: bool) -> Handler:
        async def put(call: Call) -> Answer:
            """PUT: hold a Target, or one address of it, to be healthy or not, on all nodes"""
            upstream = await self._targets.upstream(call)
            target = await self._targets.target(call, upstream)
            if checks_of(upstream) is None:
                raise Refused(400, f"no healthchecker found for {upstream['name']}")
            return await self._write(_setting(call, upstream, target, healthy), call)

        return put

    async def _write(self, setting: Setting, call: Call) -> Answer:
        parameters = self._parameters
        # The value differs each time, or a row that was left behind would be no change.
        value = {"value": str(self._now())}
        await parameters.follow(await parameters.dao.upsert(setting.key, value, terms=call.terms))
        done = await parameters.dao.delete(setting.key, terms=call.terms)
        return nothing().with_headers(*await parameters.follow(done))


def _setting(call: Call, upstream: Entity, target: Entity, healthy: bool) -> Setting:
    place = parse_target(target["target"])
    address: Any = call.params.get("address")
    if address is None:
        return Setting(upstream["id"], place, None, None, healthy)
    try:
        parsed = parse_host(address)
    except InvalidHost as error:
        # Kong: fails with an internal error.
        raise Refused(400, str(error)) from None
    if parsed.kind == "name":
        raise Refused(400, f"invalid address: {address}")
    # Kong: nothing happens if the Target leads to no such address, or to another port of it.
    return Setting(upstream["id"], place, parsed.host.strip("[]"), parsed.port, healthy)
