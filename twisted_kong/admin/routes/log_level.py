"""``/debug/node/log-level``, ``/debug/cluster/log-level``: see and change how much this node, or all, log."""

from __future__ import annotations

import math
from typing import Any

from twisted_kong.admin.answers import Answer, message
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.kinds import Kind
from twisted_kong.admin.log_level import DEFAULT_TIMEOUT, LEVELS, LogLevel
from twisted_kong.node.shared_level import KEY, encoded


def log_level_table(log_level: LogLevel) -> Table:
    """The endpoints of a log level."""

    async def show(call: Call) -> Answer:
        return message(200, f"log level: {log_level.level}")

    async def change(call: Call) -> Answer:
        level, timeout = _wanted(call)
        changed = log_level.set(level, timeout)
        return message(200, "log level changed" if changed else f"log level is already {level}")

    return {
        "/debug/node/log-level": {"GET": show},
        "/debug/node/log-level/{log_level}": {"PUT": change},
    }


def shared_log_level_table(parameters: Kind) -> Table:
    """The endpoint that changes the level of all nodes.

    :param parameters: where it is written, for all to follow.
    """

    async def change(call: Call) -> Answer:
        """PUT: change how much every node of the cluster logs, for a time"""
        level, timeout = _wanted(call)
        value = {"value": encoded(level, timeout)}
        done = await parameters.dao.upsert(KEY, value, terms=call.terms)
        return message(200, "log level changed").with_headers(*await parameters.follow(done))

    return {"/debug/cluster/log-level/{log_level}": {"PUT": change}}


def _wanted(call: Call) -> tuple[str, float]:
    """The level and the time that a call asks for."""
    level, timeout = call.params["log_level"], _timeout(call)
    if level not in LEVELS:
        raise Refused(400, f"unknown log level: {level}")
    if timeout < 0:
        raise Refused(400, "timeout must be greater than or equal to 0")
    return level, timeout


def _timeout(call: Call) -> float:
    """The ``timeout`` of the body in seconds. Kong: anything that is no number counts as 60."""
    given: Any = dict(call.body.pairs).get("timeout") if call.body.pairs else call.body.record.get("timeout")
    try:
        timeout = float(given)
    except (TypeError, ValueError):
        return DEFAULT_TIMEOUT
    return timeout if math.isfinite(timeout) else DEFAULT_TIMEOUT
