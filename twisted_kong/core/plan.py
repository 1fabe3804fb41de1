"""Which configuration of each plugin applies to a request, and in what order plugins run.

Of several rows of one plugin the most closely bound one applies, whole: nothing is merged.
Kong's order of closeness: Route, Service and Consumer; Route and Consumer; Service and Consumer; Route and
Service; Consumer; Route; Service; bound to nothing.
Plugins run by ``PRIORITY``, the greatest first, equal ones by name.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping

from twisted_kong.core.changes import Entity

HTTP_PROTOCOLS = frozenset({"http", "https", "grpc", "grpcs"})
"""The protocols of the HTTP subsystem; a row for the stream proxy only is left out of its plan."""

Binding = tuple[str | None, str | None, str | None]
"""The ids of Route, Service and Consumer that a row is bound to."""


class PluginPlan:
    """The plugin rows of one node, changed one at a time.

    :param priorities: ``PRIORITY`` of every loaded plugin, by name; rows of other plugins are left out.
    :param protocols: those of the subsystem that this plan is for.
    """

    __slots__ = ("_bindings", "_order", "_priorities", "_protocols", "_rows", "consumers", "version")

    def __init__(self, priorities: Mapping[str, int], protocols: frozenset[str] = HTTP_PROTOCOLS) -> None:
        self._priorities = priorities
        self._protocols = protocols
        self._rows: dict[str, Entity] = {}
        self._bindings: dict[str, dict[Binding, Entity]] = {}
        self.consumers: dict[str, int] = {}
        """How many rows are bound to each Consumer that any is bound to; not to be changed by others."""
        self._order: list[tuple[int, str]] = []
        self.version = 0
        """Grows with every change; what was derived from another version is out of date."""

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, plugin_id: str) -> bool:
        return plugin_id in self._rows

    def has_plugin(self, name: str) -> bool:
        """Whether a plugin is loaded; rows of others take no part."""
        return name in self._priorities

    def put(self, row: Entity) -> None:
        """Add a row or replace it by its new form; one that is disabled takes no part."""
        self.remove(row["id"])
        name = row["name"]
        if not row.get("enabled", True) or name not in self._priorities:
            return
        if not self._protocols.intersection(row.get("protocols") or self._protocols):
            return
        binding = _binding(row)
        rival = self._bindings.get(name, {}).get(binding)
        if rival is not None:
            # No store lets two rows be bound alike: this one is gone or moved, as its own change will tell.
            self.remove(rival["id"])
        self.version += 1
        self._rows[row["id"]] = row
        if name not in self._bindings:
            self._bindings[name] = {}
            insort(self._order, (-self._priorities[name], name))
        self._bindings[name][binding] = row
        self._count_consumer(binding[2], 1)

    def remove(self, plugin_id: str) -> bool:
        """Take a row out; False if it took no part."""
        row = self._rows.pop(plugin_id, None)
        if row is None:
            return False
        self.version += 1
        name = row["name"]
        bound = self._bindings[name]
        binding = _binding(row)
        self._count_consumer(binding[2], -1)
        del bound[binding]
        if not bound:
            del self._bindings[name]
            self._order.remove((-self._priorities[name], name))
        return True

    def _count_consumer(self, consumer_id: str | None, step: int) -> None:
        if consumer_id is None:
            return
        count = self.consumers.get(consumer_id, 0) + step
        if count:
            self.consumers[consumer_id] = count
        else:
            del self.consumers[consumer_id]

    def knows_consumer(self, consumer_id: str) -> bool:
        """Whether any row is bound to this Consumer; if none is, knowing who asks changes nothing."""
        return consumer_id in self.consumers

    def rows(
        self, route_id: str | None = None, service_id: str | None = None, consumer_id: str | None = None
    ) -> tuple[Entity, ...]:
        """The row of each plugin that applies to these three, in the order in which the plugins run."""
        if not self._rows:
            return ()
        places = bindings_by_closeness(route_id, service_id, consumer_id)
        found = []
        for _, name in self._order:
            bound = self._bindings[name]
            row = next((bound[place] for place in places if place in bound), None)
            if row is not None:
                found.append(row)
        return tuple(found)

    def all_rows(self) -> Iterable[Entity]:
        """Every row that takes part, in no order."""
        return self._rows.values()


def bindings_by_closeness(route: str | None, service: str | None, consumer: str | None) -> list[Binding]:
    """The bindings that fit these three ids, the closest first."""
    places = [
        (route, service, consumer),
        (route, None, consumer),
        (None, service, consumer),
        (route, service, None),
        (None, None, consumer),
        (route, None, None),
        (None, service, None),
        (None, None, None),
    ]
    # Where an id is missing, several of these are the same.
    return list(dict.fromkeys(places))


def _binding(row: Entity) -> Binding:
    return (_id_of(row.get("route")), _id_of(row.get("service")), _id_of(row.get("consumer")))


def _id_of(reference: Entity | None) -> str | None:
    return None if reference is None else reference["id"]
