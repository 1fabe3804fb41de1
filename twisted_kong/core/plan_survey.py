"""Which plugin rows take part in a request that may be of a Consumer, and why others of its plugins do not.

Theory.
:class:`~twisted_kong.core.plan.PluginPlan` tells the rows for any three of Route, Service and Consumer.
Who asks is known only once a plugin has found out; that one and those before it have run by then as for
anybody, and only those behind it follow the Consumer's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from twisted_kong.core.changes import Entity
from twisted_kong.core.plan import PluginPlan

AUTHENTICATING = frozenset({"basic-auth", "hmac-auth", "jwt", "key-auth", "ldap-auth", "oauth2", "session"})
"""Kong's plugins that find out which Consumer asks."""

SCOPES = ("route", "service", "consumer")


class Ids(NamedTuple):
    """The ids of what a request belongs to."""

    route: str | None = None
    service: str | None = None
    consumer: str | None = None


class Chosen(NamedTuple):
    """The rows that run, in their order, and the name of the plugin that is taken to tell who asks.

    ``theirs`` are the rows for the Consumer, as if it were known from the start.
    """

    rows: tuple[Entity, ...]
    theirs: tuple[Entity, ...]
    told_by: str | None


def choose(plan: PluginPlan, priorities: Mapping[str, int], ids: Ids, told_by: str | None = None) -> Chosen:
    """The rows that run for a request.

    :param told_by: the plugin that tells the Consumer; else the first that runs and is known to do so.
    """
    anybody = plan.rows(ids.route, ids.service)
    if ids.consumer is None:
        return Chosen(anybody, anybody, None)
    names = [row["name"] for row in anybody]
    wanted = AUTHENTICATING if told_by is None else {told_by}
    found = next((name for name in names if name in wanted), None)
    theirs = plan.rows(*ids)
    if found is None:
        return Chosen(theirs, theirs, None)

    def order(row: Entity) -> tuple[int, str]:
        return -priorities[row["name"]], row["name"]

    last = (-priorities[found], found)
    rows = (
        *(row for row in anybody if order(row) <= last),
        *(row for row in theirs if order(row) > last),
    )
    return Chosen(rows, theirs, found)


def scope_of(row: Entity) -> list[str]:
    """What a row is bound to: some of "route", "service" and "consumer", else "global"."""
    return [scope for scope in SCOPES if row.get(scope)] or ["global"]


def why_not(plan: PluginPlan, row: Entity, ids: Ids, chosen: Chosen) -> str | None:
    """Why a row that fits a request takes no part in it.

    None for one that takes part, and for one that is bound to something else.
    """
    if not all(_fits(row.get(scope), id) for scope, id in zip(SCOPES, ids, strict=True)):
        return None
    if row["id"] not in plan:
        if not row.get("enabled", True):
            return "disabled"
        return "protocol" if plan.has_plugin(row["name"]) else "not_loaded"
    if any(row["id"] == runs["id"] for runs in chosen.rows):
        return None
    # It would be the one for this Consumer, but its plugin runs before anybody knows who asks.
    return "too_early" if any(row["id"] == each["id"] for each in chosen.theirs) else "overridden"


def _fits(reference: Entity | None, id: str | None) -> bool:
    return reference is None or reference["id"] == id
