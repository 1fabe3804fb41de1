"""JSON that is written member by member."""

from __future__ import annotations

import json

from twisted_kong.admin.pieces import Members


def test_lists_and_objects() -> None:
    """The same as if it were written at once, with Kong's whole numbers."""
    members = Members()
    assert Members().as_list() == b"[]"
    assert Members().as_object() == b"{}"
    members.add({"port": 1.0})
    members.add(None)
    inner = members.as_list()
    assert inner == b'[{"port":1},null]'
    whole = Members()
    whole.add(True, 'a "quoted" name')
    whole.add_written(inner, "list")
    assert json.loads(whole.as_object()) == {'a "quoted" name': True, "list": [{"port": 1}, None]}


def test_nothing_is_kept_of_what_was_written() -> None:
    """It may be large."""
    members = Members()
    members.add(1)
    assert members.as_list() == b"[1]"
    assert members.as_list() == b"[]"
