from __future__ import annotations

import pytest

from twisted_kong.core.schema.context import Scope
from twisted_kong.plugins.aws_lambda.schema import proxy_url_http


@pytest.mark.parametrize(
    ("url", "text"),
    [(None, None), ("http://p:1", None), ("https://p:1", "proxy_url scheme must be http")],
)
def test_the_proxy_is_spoken_to_without_tls(url: str | None, text: str | None) -> None:
    """Where there is one."""
    assert proxy_url_http({"config": {"proxy_url": url}}, Scope(1.0)) == text
