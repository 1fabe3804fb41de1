"""Checks of what plugins are told of language models, with Kong's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.context import Scope


def no_stats_for_anthropic_completions(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether no statistics are wanted where none are to be had."""
    model, logging = record.get("model") or {}, record.get("logging") or {}
    if (
        record.get("route_type") == "llm/v1/completions"
        and model.get("provider") == "anthropic"
        and logging.get("log_statistics")
    ):
        return "anthropic does not support statistics when route_type is llm/v1/completions"
    return None
