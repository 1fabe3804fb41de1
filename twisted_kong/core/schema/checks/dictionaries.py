"""Checks of the memory that plugins of Kong share between the workers of nginx, by its names there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.violations import get_path

# What Kong's nginx declares by itself. There is no such memory here; names of it are accepted all the same.
KNOWN = frozenset(
    {
        *("kong", "kong_locks", "kong_healthchecks", "kong_cluster_events", "kong_secrets"),
        *("kong_rate_limiting_counters", "kong_core_db_cache", "kong_core_db_cache_miss"),
        *("kong_db_cache", "kong_db_cache_miss", "prometheus_metrics"),
    }
)


def shm_exists(value: str) -> str | None:
    """A dictionary that Kong has."""
    return None if value in KNOWN else f"missing shared dict '{value}'"


def shm_memory_dictionary(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether what proxy-cache keeps in memory goes to a dictionary that Kong has."""
    name = get_path(record, ("config", "memory", "dictionary_name"))
    if get_path(record, ("config", "strategy")) != "memory" or not isinstance(name, str):
        return None
    return shm_exists(name)
