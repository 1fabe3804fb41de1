"""Checks of what plugins are told of language models, with Kong's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.violations import get_path


def no_stats_for_anthropic_completions(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether no statistics are wanted where none are to be had."""
    if (
        record.get("route_type") == "llm/v1/completions"
        and get_path(record, ("model", "provider")) == "anthropic"
        and get_path(record, ("logging", "log_statistics")) is True
    ):
        return "anthropic does not support statistics when route_type is llm/v1/completions"
    return None
