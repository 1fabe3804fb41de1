"""The kinds of entity that rate-limiting brings along: counters that nodes share."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import UUID

RATELIMITING_METRICS: dict[str, Any] = {
    "name": "ratelimiting_metrics",
    "primary_key": ["identifier", "period", "period_date", "service_id", "route_id"],
    "ttl": True,
    "generate_admin_api": False,
    "db_export": False,
    "fields": {
        "identifier": {"type": "string", "required": True, "len_min": 0},
        "period": {"type": "string", "required": True},
        "period_date": {"type": "integer", "required": True, "timestamp": True},
        "service_id": {**UUID, "required": True},
        "route_id": {**UUID, "required": True},
        "value": {"type": "integer", "required": True},
    },
}

DAOS: tuple[dict[str, Any], ...] = (RATELIMITING_METRICS,)
