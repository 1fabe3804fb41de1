"""Requests as endpoints see them, and tables of endpoints."""

from __future__ import annotations

from twisted_kong.admin.answers import Answer, nothing
from twisted_kong.admin.calls import Call, allowed_methods, merged


async def one(call: Call) -> Answer:
    return nothing()


async def other(call: Call) -> Answer:
    return nothing()


def test_repeated_arguments_become_lists() -> None:
    """A name that occurs once has its value, one that occurs more often the list of them."""
    call = Call("GET", "/", {}, [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")])
    assert call.arguments == {"a": ["1", "3", "4"], "b": "2"}


def test_allowed_methods_are_sorted_and_complete() -> None:
    """HEAD comes with GET, OPTIONS always, and the order is alphabetical."""
    assert allowed_methods({"PUT": one, "GET": one}) == ("GET", "HEAD", "OPTIONS", "PUT")
    assert allowed_methods({"POST": one}) == ("OPTIONS", "POST")


def test_tables_are_merged_method_by_method() -> None:
    """A later table replaces methods of an earlier one and keeps the others."""
    table = merged({"/a": {"GET": one, "POST": one}}, {"/a": {"GET": other}, "/b": {"PUT": one}})
    assert table == {"/a": {"GET": other, "POST": one}, "/b": {"PUT": one}}
