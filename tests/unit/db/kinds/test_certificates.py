"""Certificates with the names they are shown for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.certificates import make_certificate
from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import core_database
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import (
    DatabaseUnavailable,
    EntityError,
    ForeignKeyViolation,
    InvalidUnique,
    OutcomeUnknown,
    PreconditionFailed,
    SchemaViolation,
)
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Commit, Committed, StoredPage
from twisted_kong.db.terms import Terms

CERT, KEY = make_certificate("a.test")
PAIR = {"cert": CERT, "key": KEY}
OTHER_ID = "11111111-1111-4111-8111-000000000001"


def insert(database: Database, **record: Any) -> dict[str, Any]:
    """Insert a certificate."""
    entity = success_of(database["certificates"].insert({**PAIR, **record})).entity
    assert entity is not None
    return entity


def names(database: Database) -> list[str]:
    """The names of all SNIs there are."""
    return sorted(row["name"] for row in success_of(database["snis"].page()).rows)


def told(written: Written) -> list[tuple[str, str]]:
    """What the log tells of a write."""
    return sorted((change.entity, change.operation) for change in written.changes)


def test_names_become_snis() -> None:
    """A list of names makes an SNI of each in the same commit, and is shown sorted with the certificate."""
    with core_database() as database:
        written = success_of(database["certificates"].insert({**PAIR, "snis": ["two.test", "one.test"]}))
        assert told(written) == [("certificates", "create"), ("snis", "create"), ("snis", "create")]
        entity = written.entity
        assert entity is not None
        assert entity["snis"] == ["one.test", "two.test"]
        assert success_of(database["certificates"].select(entity["id"])) == entity
        assert success_of(database["certificates"].page()).rows == (entity,)
        sni = success_of(database["snis"].select_by("name", "one.test"))
        assert sni is not None
        assert sni["certificate"] == {"id": entity["id"]}


def test_without_names() -> None:
    """A certificate without names shows an empty list, and its document holds none."""
    with core_database() as database:
        entity = insert(database)
        assert entity["snis"] == []
        table = database["certificates"].table
        stored = success_of(database.strategy.select(table, entity["id"]))
        assert stored is not None
        assert "snis" not in stored.entity


def test_patch() -> None:
    """A patch with a list makes what is missing and removes the rest; one without a list leaves them."""
    with core_database() as database:
        entity = insert(database, snis=["one.test", "two.test"])
        written = success_of(
            database["certificates"].update(entity["id"], {"snis": ["two.test", "three.test"]})
        )
        assert told(written) == [("certificates", "update"), ("snis", "create"), ("snis", "delete")]
        assert written.entity is not None
        assert written.entity["snis"] == names(database) == ["three.test", "two.test"]
        patched = success_of(database["certificates"].update(entity["id"], {"tags": ["x"]})).entity
        assert patched is not None
        assert patched["snis"] == ["three.test", "two.test"]
        success_of(database["certificates"].update(entity["id"], {"snis": None}))
        assert names(database) == []


def test_put() -> None:
    """A put is a full document: without a list there are no names afterwards."""
    with core_database() as database:
        entity = insert(database, snis=["one.test"])
        written = success_of(database["certificates"].upsert(entity["id"], PAIR))
        assert written.entity is not None
        assert written.entity["snis"] == names(database) == []
        success_of(database["certificates"].upsert(OTHER_ID, {**PAIR, "snis": ["new.test"]}))
        assert names(database) == ["new.test"]


def test_names_go_with_their_certificate() -> None:
    """Removing a certificate removes its SNIs."""
    with core_database() as database:
        entity = insert(database, snis=["one.test"])
        written = success_of(database["certificates"].delete(entity["id"]))
        assert told(written) == [("certificates", "delete"), ("snis", "delete")]


def test_a_certificate_in_use_stays() -> None:
    """A certificate that a Service shows stays, and so do its SNIs."""
    with core_database() as database:
        entity = insert(database, snis=["one.test"])
        record = {"host": "a.test", "protocol": "https", "client_certificate": {"id": entity["id"]}}
        success_of(database["services"].insert(record))
        failure_of(database["certificates"].delete(entity["id"]), ForeignKeyViolation)
        assert names(database) == ["one.test"]


@pytest.mark.parametrize(
    ("snis", "kind", "message"),
    [
        ("three.test", SchemaViolation, "schema violation (snis: expected an array)"),
        (["dup.test", "dup.test"], SchemaViolation, "schema violation (snis: dup.test is duplicated)"),
        (["a.*.b"], InvalidUnique, "wildcard must be leftmost or rightmost character"),
    ],
)
def test_bad_names(snis: Any, kind: type[EntityError], message: str) -> None:
    """Names are judged before the rest of the record, with Kong's codes and texts."""
    with core_database() as database:
        error = failure_of(database["certificates"].insert({"snis": snis, "nope": 1}), kind)
        assert isinstance(error, EntityError)
        assert error.message == message


def test_a_name_of_another_certificate() -> None:
    """A name belongs to one certificate; to name it again for the same one is no conflict."""
    with core_database() as database:
        first = insert(database, snis=["one.test"])
        error = failure_of(database["certificates"].insert({**PAIR, "snis": ["one.test"]}), SchemaViolation)
        assert isinstance(error, SchemaViolation)
        assert error.fields == {
            "snis": f"one.test already associated with existing certificate '{first['id']}'"
        }
        success_of(database["certificates"].update(first["id"], {"snis": ["one.test", "two.test"]}))
        assert names(database) == ["one.test", "two.test"]


def test_a_store_that_fails_after_the_write() -> None:
    """Its names are read for the answer; should that fail nobody may be told that nothing was written."""
    with core_database() as database:
        page = database.strategy.page

        async def fail(*_: object) -> StoredPage:
            raise DatabaseUnavailable("gone")

        database.strategy.page = fail  # type: ignore[method-assign]
        error = failure_of(database["certificates"].insert(PAIR), OutcomeUnknown)
        assert "it was written" in str(error)
        database.strategy.page = page  # type: ignore[method-assign]
        assert len(success_of(database["certificates"].page()).rows) == 1


class Names:
    """A precondition: a Certificate has just these names."""

    def __init__(self, *names: str) -> None:
        self._names = list(names)
        self.meanwhile: Callable[[], object] = lambda: None

    def check(self, current: Entity | None) -> None:
        """Raise for other names; what is to happen after the first look happens then."""
        assert current is not None
        if current["snis"] != self._names:
            raise PreconditionFailed("other names", None)
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()


def test_names_that_changed_since_they_were_judged_are_judged_again() -> None:
    """Though the row of the Certificate itself is as it was: both writes fall into one second."""
    with core_database() as database:
        entity, dao = insert(database, snis=["a.test"]), database["certificates"]
        wanted = Names("a.test")
        success_of(dao.update(entity["id"], {"snis": ["a.test", "b.test"]}, terms=Terms(None, wanted)))
        failure_of(
            dao.update(entity["id"], {"snis": ["c.test"]}, terms=Terms(None, wanted)), PreconditionFailed
        )
        overtaken = Names("a.test", "b.test")
        overtaken.meanwhile = lambda: success_of(dao.update(entity["id"], {"snis": ["a.test"]}))
        failure_of(
            dao.update(entity["id"], {"snis": ["d.test"]}, terms=Terms(None, overtaken)), PreconditionFailed
        )
        assert names(database) == ["a.test"]


def meanwhile(database: Database, happens: Callable[[], object]) -> None:
    """Have something happen once, just before the next commit."""
    apply = database.strategy.apply

    async def overtaken(commit: Commit) -> Committed:
        database.strategy.apply = apply  # type: ignore[method-assign]
        happens()
        return await apply(commit)

    database.strategy.apply = overtaken  # type: ignore[method-assign]


def test_a_name_that_was_led_elsewhere_meanwhile_stays() -> None:
    """Whoever takes names from a Certificate takes none of another's."""
    with core_database() as database:
        one, other = insert(database, snis=["a.test"]), insert(database)
        sni = success_of(database["snis"].select_by("name", "a.test"))
        assert sni is not None
        moved = {"certificate": {"id": other["id"]}}
        meanwhile(database, lambda: success_of(database["snis"].update(sni["id"], moved)))
        success_of(database["certificates"].update(one["id"], {"snis": []}))
        shown = success_of(database["certificates"].select(other["id"]))
        assert shown is not None
        assert shown["snis"] == ["a.test"]


def test_a_name_that_came_meanwhile_goes_with_its_certificate() -> None:
    """It does not keep the Certificate from being removed."""
    with core_database() as database:
        entity = insert(database, snis=["a.test"])
        record = {"name": "b.test", "certificate": {"id": entity["id"]}}
        meanwhile(database, lambda: success_of(database["snis"].insert(record)))
        success_of(database["certificates"].delete(entity["id"]))
        assert names(database) == []
