from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.plugins.http_log.schema import no_double_auth

TEXT = "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed"


@pytest.mark.parametrize(
    ("endpoint", "headers", "text"),
    [
        ("http://u:p@h/", {"authorization": "x"}, TEXT),
        ("http://u:p@h/", {"x-a": "x"}, None),
        ("http://u:p@h/", None, None),
        ("http://h/@", {"Authorization": "x"}, None),
        (None, {"Authorization": "x"}, None),
    ],
)
def test_the_server_is_told_in_one_way_who_calls(
    endpoint: str | None, headers: dict[str, Any] | None, text: str | None
) -> None:
    """By a header or in the URL."""
    assert no_double_auth({"http_endpoint": endpoint, "headers": headers}) == text
