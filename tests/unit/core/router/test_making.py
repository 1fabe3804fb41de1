"""Each flavour has its router, and who does not use expressions does not load their parser."""

from __future__ import annotations

import subprocess
import sys

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


def test_the_parser_is_loaded_only_where_it_is_used() -> None:
    """Importing the router does not import the library of the parser."""
    code = "import sys, twisted_kong.core.router, twisted_kong.core.schema; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
