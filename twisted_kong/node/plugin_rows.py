"""Keeps the plugin rows of a node and the plan that tells which of them apply to a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.core.plan import PluginPlan
from twisted_kong.node.reading import Reader
from twisted_kong.node.secrets import ReferringHolder, Secrets


class PluginHolder(ReferringHolder):
    """The plan of a node's plugins, kept current.

    :param plan: an empty plan; only this holder changes it.
    :param secrets: and the further options, see :class:`~twisted_kong.node.secrets.ReferringHolder`.
    """

    _rows_log = Logger()

    def __init__(
        self,
        plan: PluginPlan,
        plugins: Reader,
        clock: IReactorTime,
        *,
        secrets: Secrets | None = None,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(
            {"plugins": plugins}, clock, secrets=secrets, ttl=ttl, page_size=page_size, changed=changed
        )
        self.plan = plan
        self._lacking: set[str] = set()

    @property
    def plugins(self) -> Mapping[str, Entity]:
        """The rows by id as they are written, also those that take no part."""
        return self.rows["plugins"]

    @override
    def _use(self, kind: str, id: str, new: Entity | None) -> Iterator[None]:
        if new is None:
            self.plan.remove(id)
        else:
            self.plan.put(new)
            if new.get("enabled", True) and not self.plan.has_plugin(new["name"]):
                self._tell_lack(new["name"])
        yield

    def _tell_lack(self, name: str) -> None:
        """Requests pass as if the row were not there: somebody must know.  Kong: does not start."""
        if name not in self._lacking:
            self._lacking.add(name)
            self._rows_log.error(
                "plugin '{name}' is in use but not enabled: its configurations have no effect on this node; "
                "add it to the 'plugins' configuration property",
                name=name,
            )
