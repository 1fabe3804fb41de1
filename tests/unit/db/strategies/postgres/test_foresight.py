"""What is read ahead of many writes; that it is right is for the contract of stores."""

from __future__ import annotations

from typing import Any

from tests.kit.deferreds import success_of
from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Stored, Write
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.postgres.foresight import Foresight
from twisted_kong.db.strategies.postgres.statement import Rows, Statement

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
SERVICE = {"id": "1", "name": "a", "port": 1, "tags": None}
ROUTE = {"id": "2", "name": "r", "service": {"id": "1"}}


class Server:
    """Takes down what it is asked, and answers with what it is given."""

    def __init__(self, *answers: Rows) -> None:
        self.asked: list[Statement] = []
        self._answers = list(answers)

    async def __call__(self, statement: Statement) -> Rows:
        """The next answer."""
        self.asked.append(statement)
        return self._answers.pop(0)


def stored(entity: dict[str, Any]) -> Stored:
    """A row."""
    return Stored(entity, encode(entity))


def test_three_questions_for_all_writes() -> None:
    """Rows come first, since they are locked, in one order; then who holds the values, and who refers."""
    server = Server([("services", "1", '{"id":"1"}', None)], [("routes", "name", '["r"]', "9")], [])
    foresight = Foresight(lambda value: value)
    writes = [Write("routes", "insert", "2", ROUTE), Write("services", "delete", "3")]
    success_of(foresight.read(TABLES, writes, server))
    rows, holders, referring = server.asked
    assert rows.text.rstrip().endswith("order by e.kind, e.id for update of e")
    assert rows.parameters == (["routes", "services", "services"], ["2", "1", "3"])
    assert holders.parameters == (["routes"], ["name"], ['["r"]'])
    assert ("routes", "service", "3") in zip(*referring.parameters, strict=True)
    assert foresight.rows == {
        ("services", "1"): Stored({"id": "1"}, b'{"id":"1"}'),
        ("services", "3"): None,
        ("routes", "2"): None,
    }
    assert foresight.holders == {("routes", "name", '["r"]'): "9"}


def test_what_earlier_writes_looked_at_is_forgotten() -> None:
    """A great import would fill the memory; what is wanted once more, as a parent is, is asked for again."""
    server = Server([("services", "1", '{"id":"1"}', None)], [], [], [])
    foresight = Foresight(lambda value: value)
    success_of(foresight.read(TABLES, [Write("routes", "insert", "2", ROUTE)], server))
    foresight.put(TABLES["routes"], "2", stored(ROUTE), None)
    success_of(foresight.read(TABLES, [Write("services", "update", "1", SERVICE)], server))
    assert set(foresight.rows) == {("services", "1")}
    assert set(foresight.holders) <= {("services", "name", '["a"]')}
    assert foresight.referring == {}


def test_own_writes_are_noted() -> None:
    """A row, its values and its references are from then on what was written."""
    foresight = Foresight(lambda value: value)
    foresight.referring["routes", "service", "1"] = {"7"}
    foresight.put(TABLES["routes"], "2", stored(ROUTE), None)
    assert foresight.rows["routes", "2"] == stored(ROUTE)
    assert foresight.holders["routes", "name", '["r"]'] == "2"
    assert foresight.referring["routes", "service", "1"] == {"2", "7"}
    foresight.put(TABLES["routes"], "2", None, stored(ROUTE))
    assert foresight.rows["routes", "2"] is None
    assert foresight.holders["routes", "name", '["r"]'] is None
    assert foresight.referring["routes", "service", "1"] == {"7"}
