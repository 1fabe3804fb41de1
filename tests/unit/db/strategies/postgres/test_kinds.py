"""What is sent for rows of a kind that has changed; the rest is the integration tests'."""

from __future__ import annotations

from typing import Any

from twisted_kong.db.strategies.postgres.kinds import _CONSTRAINT, _statements
from twisted_kong.db.tables import Table, Unique


def things(**rest: Any) -> Table:
    """A version of the kind ``things``."""
    return Table("things", ("id",), (Unique(("name",)),), (), (), lambda new, old: (), **rest)


def test_a_row_is_indexed_and_written_only_where_it_differs() -> None:
    """Its document is sent when the kind's definition adds something to it."""
    document = '{"id":"1","name":"a"}'
    [index] = _statements(things(), "1", document, None)
    assert index.text.startswith("insert into unique_values")
    completed = things(complete=lambda entity: {**entity, "added": 1})
    *_, update = _statements(completed, "1", document, None)
    assert update.parameters == ('{"id":"1","name":"a","added":1}', "things", "1")


def test_a_conflict_tells_no_value() -> None:
    """Of the server's words only the constraint is taken: the value may be a secret."""
    detail = 'DETAIL:  Key (kind, fields, value)=(keyauth, key,ws, ["secret, x"]) already exists.'
    found = _CONSTRAINT.search(detail)
    assert found is not None
    assert found[1] == "key,ws"
