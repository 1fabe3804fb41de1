from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.checks.llm import no_stats_for_anthropic_completions
from twisted_kong.core.schema.context import Scope

WANTED: dict[str, Any] = {
    "route_type": "llm/v1/completions",
    "model": {"provider": "anthropic"},
    "logging": {"log_statistics": True},
}


def test_statistics_where_there_are_none() -> None:
    """Anthropic's completions have none."""
    text = "anthropic does not support statistics when route_type is llm/v1/completions"
    assert no_stats_for_anthropic_completions(WANTED, Scope(1.0)) == text


@pytest.mark.parametrize(
    "other",
    [
        {"route_type": "llm/v1/chat"},
        {"model": {"provider": "openai"}},
        {"model": None},
        {"logging": {"log_statistics": False}},
        {"logging": None},
    ],
)
def test_all_else_is_fine(other: dict[str, Any]) -> None:
    """Chats, other providers, and no statistics."""
    assert no_stats_for_anthropic_completions({**WANTED, **other}, Scope(1.0)) is None
