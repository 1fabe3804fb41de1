"""Races that a DAO wins in the end, and what it does not store; its verbs as such are the contract's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from typing_extensions import override

from tests.kit.bundled import bundled
from tests.kit.deferreds import failure_of, no_result, success_of
from tests.kit.stores import epoch_clock, make_ids, small_database
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import DatabaseUnavailable, NotFound, PreconditionFailed, UniqueViolation
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Commit, Committed, Write
from twisted_kong.db.races import ATTEMPTS
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.terms import Terms

KEY = "11111111-1111-4111-8111-000000000001"


class Contended(MemoryStrategy):
    """A store in which others write just before we do."""

    def __init__(self, clock: Clock) -> None:
        numbers = itertools.count()
        super().__init__(clock, lambda: f"{next(numbers):08x}")
        self.others: list[Callable[[], Write]] = []
        self.attempts = 0

    @override
    async def apply(self, commit: Commit) -> Committed:
        self.attempts += 1
        if self.others:
            await super().apply(Commit((self.others.pop(0)(),), "other", 0.0))
        return await super().apply(commit)


@pytest.fixture
def store() -> Contended:
    """An empty store."""
    return Contended(epoch_clock())


@pytest.fixture
def database(store: Contended) -> Any:
    """A started database on it."""
    database = small_database(store, epoch_clock())
    success_of(database.start())
    store.attempts = 0
    yield database
    success_of(database.stop())


def by_others(operation: Any, **fields: Any) -> Callable[[], Write]:
    """A write of a route by somebody else."""
    entity = {
        "id": KEY,
        "created_at": 1,
        "name": "r",
        "service": None,
        "options": {},
        "tags": None,
        **fields,
    }
    return lambda: Write("routes", operation, KEY, None if operation == "delete" else entity)


def test_an_update_is_merged_again(store: Contended, database: Database) -> None:
    """An update that lost a race is merged into what the winner wrote."""
    success_of(database["routes"].insert({"id": KEY, "name": "r", "options": {"a": 1}}))
    store.others = [by_others("update", options={"a": 1, "b": 7}, tags=["theirs"])]
    written = success_of(database["routes"].update(KEY, {"options": {"a": 2}}))
    assert written.entity is not None
    assert written.entity["options"] == {"a": 2, "b": 7}
    assert written.entity["tags"] == ["theirs"]


def test_a_delete_by_a_name_that_has_just_moved_on(store: Contended, database: Database) -> None:
    """An entity that another renames in between is not the one that was to go."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    store.others = [by_others("update", name="renamed")]
    assert success_of(database["routes"].delete_by("name", "r")).changes == ()
    assert success_of(database["routes"].select(KEY))["name"] == "renamed"


def test_a_delete_of_what_others_change(store: Contended, database: Database) -> None:
    """One that is meant by its primary key goes all the same."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    store.others = [by_others("update", name="renamed")]
    assert len(success_of(database["routes"].delete(KEY)).changes) == 1
    assert success_of(database["routes"].select(KEY)) is None


def test_an_update_of_what_has_just_gone(store: Contended, database: Database) -> None:
    """An update of an entity that another removes in between finds nothing to update."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    store.others = [by_others("delete")]
    failure_of(database["routes"].update(KEY, {"tags": ["x"]}), NotFound)


def test_a_put_of_what_has_just_come(store: Contended, database: Database) -> None:
    """A put that meant to make what another makes in between replaces it."""
    store.others = [by_others("insert", tags=["theirs"])]
    written = success_of(database["routes"].upsert(KEY, {"name": "mine"}))
    assert written.entity is not None
    assert (written.entity["name"], written.entity["tags"]) == ("mine", None)
    assert written.changes[0].operation == "update"


def test_a_put_by_name_of_what_has_just_come(store: Contended, database: Database) -> None:
    """A put by name that meant to make what another makes in between takes over its primary key."""
    store.others = [by_others("insert")]
    written = success_of(database["routes"].upsert_by("name", "r", {"tags": ["mine"]}))
    assert written.entity is not None
    assert (written.entity["id"], written.entity["tags"]) == (KEY, ["mine"])


def test_a_put_of_what_has_just_gone(store: Contended, database: Database) -> None:
    """A put that meant to replace what another removes in between makes it anew."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    store.others = [by_others("delete")]
    written = success_of(database["routes"].upsert(KEY, {"name": "mine"}))
    assert written.changes[0].operation == "create"


def test_a_taken_name_is_no_race(store: Contended, database: Database) -> None:
    """A put by name that conflicts in another field is refused at the first try."""
    success_of(database["consumers"].insert({"username": "a", "custom_id": "x"}))
    store.attempts = 0
    failure_of(database["consumers"].upsert_by("username", "b", {"custom_id": "x"}), UniqueViolation)
    assert store.attempts == 1


def test_races_are_lost_a_bounded_number_of_times(store: Contended, database: Database) -> None:
    """When others are faster each time the write is given up, with an error and not for ever."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    store.attempts = 0
    store.others = [by_others("update", created_at=number) for number in range(2, 1000)]
    error = failure_of(database["routes"].update(KEY, {"tags": ["x"]}), DatabaseUnavailable)
    assert store.attempts == 1 + ATTEMPTS
    assert "others kept changing" in str(error)


def test_failures_are_not_repeated(store: Contended, database: Database) -> None:
    """A store that fails is not asked again: whether the write happened is not known."""

    def fail() -> Write:
        raise DatabaseUnavailable("gone")

    store.others = [fail]
    failure_of(database["routes"].insert({"name": "r"}), DatabaseUnavailable)
    assert store.attempts == 1


class Unchanged:
    """A precondition: an entity has a name, or is not there; notes what it was shown."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self.shown: list[Any] = []

    def check(self, current: Any) -> None:
        """Raise for another name."""
        self.shown.append(current)
        if (None if current is None else current["name"]) != self._name:
            raise PreconditionFailed("it is another by now", None)


def test_a_precondition_is_judged_on_what_is_written_over(store: Contended, database: Database) -> None:
    """Whoever loses a race is judged again, and then changes nothing."""
    routes = database["routes"]
    success_of(routes.insert({"id": KEY, "name": "r"}))
    for write in (
        lambda terms: routes.update(KEY, {"tags": ["x"]}, terms=terms),
        lambda terms: routes.update_by("name", "r", {"tags": ["x"]}, terms=terms),
        lambda terms: routes.upsert(KEY, {"name": "r"}, terms=terms),
        lambda terms: routes.delete(KEY, terms=terms),
    ):
        unchanged = Unchanged("r")
        store.others = [by_others("update", name="r", tags=["theirs"]), by_others("update", name="theirs")]
        failure_of(write(Terms(None, unchanged)), PreconditionFailed, NotFound)
        assert success_of(routes.select(KEY))["name"] == "theirs"
        assert [each["name"] for each in unchanged.shown][:2] == ["r", "r"]
        success_of(routes.update(KEY, {"name": "r", "tags": None}))


def test_a_precondition_sees_that_nothing_is_there(store: Contended, database: Database) -> None:
    """New entities are judged as such, and so is the removal of none."""
    routes = database["routes"]
    for write in (
        routes.upsert_by("name", "s", {}, terms=Terms(None, Unchanged("s"))),
        routes.insert({"name": "s"}, terms=Terms(None, Unchanged("s"))),
        routes.delete(KEY, terms=Terms(None, Unchanged("s"))),
        routes.delete_by("name", "s", terms=Terms(None, Unchanged("s"))),
    ):
        failure_of(write, PreconditionFailed)
    success_of(routes.insert({"name": "s"}, terms=Terms(None, Unchanged(None))))


def test_what_is_slow_is_done_aside() -> None:
    """A hash that is meant to be slow keeps nobody waiting but who asked for it, in a batch no less."""
    aside: list[Callable[[], Entity]] = []
    waiting: list[Deferred[Entity]] = []

    def put_aside(work: Callable[[], Entity]) -> Deferred[Entity]:
        aside.append(work)
        waiting.append(Deferred())
        return waiting[-1]

    clock = epoch_clock()
    store = MemoryStrategy(clock, lambda: "0" * 8)
    database = Database(store, build_schemas(bundled("oauth2")), clock, make_ids(), aside=put_aside)
    success_of(database.start())
    consumer = success_of(database["consumers"].insert({"username": "c"})).entity
    assert aside == []
    record = {"name": "app", "consumer": {"id": consumer["id"]}, "client_secret": "s", "hash_secret": True}
    for each in (database, database.staged(store)):
        writing = Deferred.fromCoroutine(each["oauth2_credentials"].insert(record))
        no_result(writing)
        waiting.pop().callback(aside.pop()())
        assert success_of(writing).entity["client_secret"].startswith("$pbkdf2-sha512$")
    success_of(database.stop())
