"""A request may be told without what only expressions ask for."""

from __future__ import annotations

from twisted_kong.core.router.query import RouteQuery


def test_what_only_expressions_ask_for_may_be_left_out() -> None:
    """Without more there is no query, no source and no destination."""
    query = RouteQuery("GET", "http", "h", 80, "/", None, lambda name: [])
    assert query[7:] == (None, ("", 0), "")
