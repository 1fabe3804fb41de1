"""Keeps the plugin rows of a node and the plan that tells which of them apply to a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.plan import PluginPlan
from twisted_kong.node.holder import Holder
from twisted_kong.node.reading import Reader


class PluginHolder(Holder):
    """The plan of a node's plugins, kept current.

    :param plan: an empty plan; only this holder changes it.
    :param ttl: and the further options, see :class:`~twisted_kong.node.holder.Holder`.
    """

    def __init__(
        self,
        plan: PluginPlan,
        plugins: Reader,
        clock: IReactorTime,
        *,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__({"plugins": plugins}, clock, ttl=ttl, page_size=page_size, changed=changed)
        self.plan = plan

    @property
    def plugins(self) -> Mapping[str, Entity]:
        """The rows by id, also those that take no part."""
        return self.rows["plugins"]

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if new is None:
            self.plan.remove(id)
        else:
            self.plan.put(new)
        yield
