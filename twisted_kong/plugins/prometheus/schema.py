"""What prometheus is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE


def shm_prometheus_metrics(config: Mapping[str, Any]) -> str | None:
    """Whether there is memory for the measures; Kong: in a shared dictionary, which there must be."""
    return None


SCHEMA: dict[str, Any] = {
    "name": "prometheus",
    "priority": 13,
    "version": "3.9.1",
    "phases": ["init_worker", "configure", "log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "check": {"fn": "shm_prometheus_metrics"},
        "fields": {
            "per_consumer": {"type": "boolean", "default": False},
            "status_code_metrics": {"type": "boolean", "default": False},
            "ai_metrics": {"type": "boolean", "default": False},
            "latency_metrics": {"type": "boolean", "default": False},
            "bandwidth_metrics": {"type": "boolean", "default": False},
            "upstream_health_metrics": {"type": "boolean", "default": False},
        },
    },
}

FUNCTIONS = {"shm_prometheus_metrics": shm_prometheus_metrics}
