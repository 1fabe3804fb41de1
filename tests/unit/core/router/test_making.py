"""Each flavour has its router."""

from __future__ import annotations

import pytest

from twisted_kong.core.router import Router, make_router
from twisted_kong.core.router.expressions.router import ExpressionRouter


@pytest.mark.parametrize("flavor", ["traditional_compatible", "traditional"])
def test_the_older_flavours(flavor: str) -> None:
    """Both share a router."""
    assert isinstance(make_router(flavor), Router)


def test_expressions() -> None:
    """The flavour has a router of its own."""
    assert isinstance(make_router("expressions"), ExpressionRouter)
