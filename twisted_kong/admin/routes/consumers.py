"""``GET /consumers?custom_id=x``: find the Consumer that an external system knows by this id."""

from __future__ import annotations

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.kinds import Kind


def consumers_table(consumers: Kind) -> Table:
    """The collection of Consumers, which can also be asked for a ``custom_id``."""

    async def get_list(call: Call) -> Answer:
        custom_id = call.arguments.get("custom_id")
        if custom_id is None:
            return await consumers.page(call)
        if not isinstance(custom_id, str) or not custom_id:
            raise Refused(400, "custom_id must be an unempty string")
        found = await consumers.dao.select_by("custom_id", custom_id)
        return as_json(200, {"data": [] if found is None else [found], "next": None})

    return {"/consumers": {"GET": get_list}}
