"""References in records."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.record import Record
from twisted_kong.core.schema.referring import references, resolved

SECRET = {"type": "string", "referenceable": True}
RECORD = Record(
    {
        "fields": {
            "name": {"type": "string"},
            "secret": SECRET,
            "list": {"type": "array", "elements": SECRET},
            "map": {"type": "map", "keys": {"type": "string"}, "values": SECRET},
            "inner": {"type": "record", "fields": {"token": SECRET, "plain": {"type": "string"}}},
            "many": {"type": "array", "elements": {"type": "record", "fields": {"token": SECRET}}},
        }
    },
    {},
)
ROW: dict[str, Any] = {
    "name": "{vault://env/name}",
    "secret": "{vault://env/a}",
    "list": ["{vault://env/b}", "plain"],
    "map": {"x": "{vault://env/c}", "{vault://env/key}": "plain"},
    "inner": {"token": "{vault://env/d}", "plain": "{vault://env/no}"},
    "many": [{"token": "{vault://env/e}"}, {"token": None}],
    "unknown": "{vault://env/f}",
}


def test_references_at_any_depth_are_replaced() -> None:
    """In lists, maps, records and lists of records; nowhere else, and the row itself stays."""
    before = repr(ROW)
    found = resolved(RECORD.fields, ROW, lambda reference: reference[-2])
    assert found == {
        "name": "{vault://env/name}",
        "secret": "a",
        "list": ["b", "plain"],
        "map": {"x": "c", "{vault://env/key}": "plain"},
        "inner": {"token": "d", "plain": "{vault://env/no}"},
        "many": [{"token": "e"}, {"token": None}],
        "unknown": "{vault://env/f}",
    }
    assert repr(ROW) == before


def test_all_that_is_referred_to() -> None:
    """The same places."""
    assert references(RECORD.fields, ROW) == {f"{{vault://env/{name}}}" for name in "abcde"}
    assert references(RECORD.fields, {"secret": None, "list": None, "inner": "no record"}) == set()


def test_a_record_that_cannot_refer() -> None:
    """Most kinds of entity have no such field."""
    record = Record({"fields": {"name": {"type": "string"}}}, {})
    assert references(record.fields, {"name": "{vault://env/a}"}) == set()
