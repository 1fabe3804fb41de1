"""Keeps the Upstreams and Targets of a node, and the balancers over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from twisted_kong.core.changes import Entity
from twisted_kong.node.balancing import Balancing
from twisted_kong.node.holder import Holder
from twisted_kong.node.reading import Key, Reader


class UpstreamHolder(Holder):
    """The balancing of a node, kept current.

    :param balancing: without any Upstream yet; only this holder changes it.
    :param ttl: and the further options, see :class:`~twisted_kong.node.holder.Holder`.
    """

    def __init__(
        self,
        balancing: Balancing,
        upstreams: Reader,
        targets: Reader,
        clock: IReactorTime,
        *,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        readers = {"upstreams": upstreams, "targets": targets}
        super().__init__(readers, clock, ttl=ttl, page_size=page_size, changed=changed)
        self.balancing = balancing

    @override
    def _references(self, kind: str, row: Entity) -> Iterable[Key]:
        return (("upstreams", row["upstream"]["id"]),) if kind == "targets" else ()

    @override
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if kind == "targets":
            self._change_target(id, old, new)
        elif new is None:
            self.balancing.remove_upstream(id)
        else:
            self.balancing.put_upstream(new)
        yield

    def _change_target(self, id: str, old: Entity | None, new: Entity | None) -> None:
        # Kong: a Target can be moved to another Upstream by PATCH; it must leave the one it was of.
        if old is not None and (new is None or new["upstream"] != old["upstream"]):
            self.balancing.remove_target(id)
        if new is not None:
            self.balancing.put_target(new)
