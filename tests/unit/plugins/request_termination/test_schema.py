from __future__ import annotations

from typing import Any

import pytest

from tests.kit.reference import reference_plugins
from twisted_kong.plugins.request_termination.schema import SCHEMA, termination_exclusions


def test_the_schema_is_kongs() -> None:
    """Order, scopes and every field of the configuration."""
    assert reference_plugins()["request-termination"] == SCHEMA


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"message": "a"}, None),
        ({"body": "a", "content_type": "text/plain"}, None),
        ({"message": "a", "body": "b"}, "message cannot be used with content_type or body"),
        ({"message": "a", "content_type": "b"}, "message cannot be used with content_type or body"),
        ({"content_type": "b"}, "content_type requires a body"),
        ({"echo": True, "body": "b"}, "echo cannot be used with content_type and body"),
        ({"echo": True}, None),
    ],
)
def test_an_answer_is_described_in_one_way(config: dict[str, Any], text: str | None) -> None:
    """By a message, by a body of a type, or as an echo of the request."""
    assert termination_exclusions(config) == text
