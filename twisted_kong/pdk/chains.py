"""Which methods run for a request, compiled once for each combination of Route, Service and Consumer.

A chain is dropped when any plugin row changes; what a plugin remembers with its configuration (``conf.memo``)
stays as long as the row does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.core.plan import PluginPlan
from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.gateway import Gateway

PHASES = ("certificate", "rewrite", "access", "response", "header_filter", "body_filter", "log")
"""The methods that run for requests; ``init_worker`` and ``configure`` run apart from them."""

_HALF = 5_000

Shortcut = Callable[[RequestContext], bool]
"""Does what a step's ``access`` does for the request that most requests are, if this is one; False if not.

It has nothing but the request's state, which costs a fifth of a plugin's method with its PDK, and of what is
sent to the Service it may change fields only.  A handler that has one for a configuration makes it in
``access_shortcut(conf, gateway)``.
"""


class Step:
    """One row with its methods; None for a phase in which it has nothing to do.

    ``shortcut`` is None where ``access`` has none.
    """

    __slots__ = (
        "access",
        "body_filter",
        "certificate",
        "conf",
        "header_filter",
        "log",
        "name",
        "order",
        "response",
        "rewrite",
        "row",
        "row_id",
        "shortcut",
    )

    access: Any
    body_filter: Any
    certificate: Any
    header_filter: Any
    log: Any
    response: Any
    rewrite: Any

    def __init__(self, row: Entity, handler: Any, gateway: Gateway) -> None:
        self.row = row
        self.row_id: str = row["id"]
        self.name: str = row["name"]
        self.order = (-handler.PRIORITY, self.name)
        self.conf = conf_of(row)
        for phase in PHASES:
            setattr(self, phase, getattr(handler, phase, None))
        self.shortcut: Shortcut | None = None
        if hasattr(handler, "access_shortcut"):
            self.shortcut = handler.access_shortcut(self.conf, gateway)


def conf_of(row: Entity) -> Conf:
    """What a plugin's methods get as their configuration."""
    return Conf(
        {
            **row["config"],
            "route_id": _id_of(row.get("route")),
            "service_id": _id_of(row.get("service")),
            "consumer_id": _id_of(row.get("consumer")),
            "plugin_instance_name": row.get("instance_name"),
            "__plugin_id": row["id"],
            "__ws_id": row.get("ws_id"),
        }
    )


def _id_of(reference: Entity | None) -> str | None:
    return None if reference is None else reference["id"]


class Chain:
    """The steps of a request, by phase; its ``has_…`` tell the exchange what it can skip.

    ``version`` is that of the plan of whose rows it is made.
    """

    __slots__ = (
        "access",
        "body_filter",
        "consumer_id",
        "has_access",
        "has_body_filter",
        "has_header_filter",
        "has_later",
        "has_log",
        "has_response",
        "has_rewrite",
        "has_work",
        "header_filter",
        "key",
        "log",
        "response",
        "rewrite",
        "steps",
        "version",
    )

    def __init__(
        self, key: tuple[Any, ...], steps: tuple[Step, ...], consumer_id: str | None, version: int = -1
    ) -> None:
        self.key = key
        self.steps = steps
        self.consumer_id = consumer_id
        self.version = version
        self.rewrite = _having(steps, "rewrite")
        self.access = _having(steps, "access")
        self.response = _having(steps, "response")
        self.header_filter = _having(steps, "header_filter")
        self.body_filter = _having(steps, "body_filter")
        self.log = _having(steps, "log")
        self.has_rewrite = bool(self.rewrite)
        self.has_access = bool(self.access)
        self.has_response = bool(self.response)
        self.has_header_filter = bool(self.header_filter)
        self.has_body_filter = bool(self.body_filter)
        self.has_log = bool(self.log)
        self.has_later = self.has_response or self.has_header_filter or self.has_body_filter or self.has_log
        self.has_work = self.has_access or self.has_later


def _having(steps: tuple[Step, ...], phase: str) -> tuple[Step, ...]:
    return tuple(step for step in steps if getattr(step, phase) is not None)


class Chains:
    """The compiled chains of one plan; at most about ten thousand are remembered.

    :param handlers: the loaded plugins' handlers by name; rows of others are not in the plan.
    """

    def __init__(self, plan: PluginPlan, handlers: Mapping[str, Any], gateway: Gateway) -> None:
        self._plan = plan
        self._handlers = handlers
        self._gateway = gateway
        # Of the plan that all this was made of.
        self.version = -1
        self._steps: dict[str, Step] = {}
        self._young: dict[tuple[Any, ...], Chain] = {}
        self._old: dict[tuple[Any, ...], Chain] = {}
        self.globally = Chain((), (), None)
        """The rows that are bound to nothing."""

    def refresh(self) -> None:
        """Drop what is out of date, before any chain is asked for."""
        if self._plan.version != self.version:
            self.version = self._plan.version
            self._young, self._old = {}, {}
            rows = {row["id"]: row for row in self._plan.all_rows()}
            self._steps = {id: step for id, step in self._steps.items() if rows.get(id) is step.row}
            self.globally = self._compile(self._plan.rows(), None)

    def chain(self, route_id: str | None, service_id: str | None, consumer_id: str | None) -> Chain:
        """The steps for these three."""
        young = self._young.get((route_id, service_id, consumer_id))
        if young is not None:
            return young
        if consumer_id is not None and not self._plan.knows_consumer(consumer_id):
            consumer_id = None
        key = (route_id, service_id, consumer_id)
        found = self._find(key)
        if found is None:
            found = self._remember(key, self._compile(self._plan.rows(*key), consumer_id))
        return found

    def switch(self, chain: Chain, after: Step, target: Chain) -> Chain:
        """A chain in which the steps up to ``after`` stay, and those behind it are the target's."""
        key = (chain.key, after.order, target.key)
        found = self._find(key)
        if found is None:
            steps = (
                *(step for step in chain.steps if step.order <= after.order),
                *(step for step in target.steps if step.order > after.order),
            )
            found = self._remember(key, self._of_steps(steps, target.consumer_id))
        return found

    def conf_of(self, row: Entity) -> Conf:
        """The configuration of a row, the same object for all its methods."""
        self.refresh()
        return self._step(row).conf

    def _find(self, key: tuple[Any, ...]) -> Chain | None:
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self._remember(key, found)
        return found

    def _remember(self, key: tuple[Any, ...], chain: Chain) -> Chain:
        if len(self._young) >= _HALF:
            self._old, self._young = self._young, {}
        self._young[key] = chain
        return chain

    def _compile(self, rows: tuple[Entity, ...], consumer_id: str | None) -> Chain:
        return self._of_steps(tuple(self._step(row) for row in rows), consumer_id)

    def _of_steps(self, steps: tuple[Step, ...], consumer_id: str | None) -> Chain:
        """One chain for all Routes that have the same rows: the processor's caches like that."""
        key = (tuple(step.row_id for step in steps), consumer_id)
        return self._find(key) or self._remember(key, Chain(key, steps, consumer_id, self.version))

    def _step(self, row: Entity) -> Step:
        step = self._steps.get(row["id"])
        if step is None:
            step = self._steps[row["id"]] = Step(row, self._handlers[row["name"]], self._gateway)
        return step
