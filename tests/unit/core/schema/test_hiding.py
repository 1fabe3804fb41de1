"""Tests of records in which secrets are not shown."""

from __future__ import annotations

from twisted_kong.core.schema.hiding import CHANGED, MASK, hidden, hidden_change
from twisted_kong.core.schema.record import Record

SECRET = {"type": "string", "encrypted": True}
FIELDS = Record(
    {
        "fields": {
            "name": {"type": "string"},
            "key": SECRET,
            "config": {"type": "record", "fields": {"password": SECRET, "host": {"type": "string"}}},
            "list": {"type": "array", "elements": SECRET},
            "map": {"type": "map", "keys": {"type": "string"}, "values": SECRET},
            "whole": {"type": "array", "elements": {"type": "string"}, "encrypted": True},
        }
    },
    {},
).fields


def test_secrets_are_masked_at_any_depth() -> None:
    """Fields marked as encrypted are masked, whatever lies around them; the rest is shown."""
    record = {
        "name": "n",
        "key": "a",
        "config": {"password": "b", "host": "h"},
        "list": ["c", "d"],
        "map": {"e": "f"},
        "whole": ["g"],
        "unknown": 1,
    }
    assert hidden(FIELDS, record) == {
        "name": "n",
        "key": MASK,
        "config": {"password": MASK, "host": "h"},
        "list": [MASK, MASK],
        "map": {"e": MASK},
        "whole": MASK,
        "unknown": 1,
    }


def test_what_is_no_secret_is_shown() -> None:
    """A null and a reference to a secret tell nothing."""
    record = {"key": "{vault://env/key}", "config": None, "list": ["{vault://env/a}", "b"], "whole": None}
    assert hidden(FIELDS, record) == {**record, "list": ["{vault://env/a}", MASK]}


def test_a_change_is_seen_but_not_what_it_is() -> None:
    """A secret that is another than before is shown to be, one that stays is not."""
    was, now = hidden_change(
        FIELDS, {"key": "a", "config": {"password": "b"}}, {"key": "x", "config": {"password": "b"}}
    )
    assert was == {"key": MASK, "config": {"password": MASK}}
    assert now == {"key": CHANGED, "config": {"password": MASK}}


def test_what_proves_who_somebody_is_is_masked_too() -> None:
    """Schemas have keys and secrets of Consumers in the open; deeper down such a name means nothing."""
    text = {"type": "string"}
    fields = Record(
        {"fields": {"key": text, "secret": text, "config": {"type": "record", "fields": {"key": text}}}}, {}
    ).fields
    assert hidden(fields, {"key": "a", "secret": None, "config": {"key": "b"}}) == {
        "key": MASK,
        "secret": None,
        "config": {"key": "b"},
    }
    assert hidden_change(fields, {"secret": "a"}, {"secret": "b"}) == ({"secret": MASK}, {"secret": CHANGED})
