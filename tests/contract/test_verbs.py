"""What every strategy must do upon the DAOs' verbs, and what it must refuse."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from twisted_kong.core.errors import (
    EntityError,
    ForeignKeysUnresolved,
    ForeignKeyViolation,
    InvalidPrimaryKey,
    InvalidUnique,
    NotFound,
    PrimaryKeyViolation,
    SchemaViolation,
    UniqueViolation,
)
from twisted_kong.db.database import Database
from twisted_kong.db.terms import Terms

NOBODY = "11111111-1111-4111-8111-000000000999"
SOMEBODY = "11111111-1111-4111-8111-000000000001"


async def refusal(awaitable: Any, kind: type[EntityError]) -> dict[str, Any]:
    """The body of the refusal that something must end in."""
    with pytest.raises(kind) as caught:
        await awaitable
    return caught.value.body()


async def test_insert_and_select(database: Database) -> None:
    """What was inserted is found by its primary key and by its name, complete with automatic fields."""
    written = await database.services.insert({"name": "one", "port": 80})
    assert written.entity is not None
    assert set(written.entity) == {"id", "created_at", "name", "port", "tags"}
    assert await database.services.select(written.entity["id"]) == written.entity
    assert await database.services.select_by("name", "one") == written.entity
    assert await database.services.select(NOBODY) is None
    assert await database.services.select_by("name", "two") is None


async def test_written_is_not_what_the_caller_holds(database: Database) -> None:
    """Changing a record after the write, or what a read returned, changes nothing in the store."""
    tags = ["a"]
    written = await database.services.insert({"name": "one", "tags": tags})
    tags.append("b")
    first = await database.services.select(written.entity["id"])
    assert first["tags"] == ["a"]


async def test_a_write_tells_its_change(database: Database) -> None:
    """Each verb tells one change, with the cache keys, the process that wrote and who asked for it."""
    inserted = await database.services.insert({"name": "one"}, terms=Terms("alice"))
    key = inserted.entity["id"]
    updated = await database.services.update(key, {"name": "two"})
    upserted = await database.services.upsert(key, {"name": "three"})
    deleted = await database.services.delete(key)
    changes = [each.changes[0] for each in (inserted, updated, upserted, deleted)]
    assert [change.operation for change in changes] == ["create", "update", "update", "delete"]
    assert {(change.entity, change.id, change.origin) for change in changes} == {
        ("services", key, "this-process")
    }
    assert all(f"services:{key}:::::{database.workspace}" in change.keys for change in changes)
    assert [change.author for change in changes] == ["alice", None, None, None]
    assert [each.position for each in (inserted, updated, upserted, deleted)] == [c.position for c in changes]
    assert deleted.entity is None


async def test_insert_with_a_given_id(database: Database) -> None:
    """A primary key may be given, and is refused with code 3 when it is taken."""
    await database.services.insert({"id": SOMEBODY, "name": "one"})
    body = await refusal(database.services.insert({"id": SOMEBODY, "name": "two"}), PrimaryKeyViolation)
    assert body == {
        "code": 3,
        "name": "primary key violation",
        "message": f"primary key violation on key '{{id=\"{SOMEBODY}\"}}'",
        "fields": {"id": SOMEBODY},
    }
    assert await database.services.select_by("name", "two") is None


async def test_a_bad_primary_key_or_name_is_refused(database: Database) -> None:
    """What cannot be a primary key or the value of a unique field is refused, not looked up."""
    assert (await refusal(database.services.select("x"), InvalidPrimaryKey))["code"] == 1
    assert (await refusal(database.services.delete("x"), InvalidPrimaryKey))["code"] == 1
    body = await refusal(database.services.select_by("name", 1), InvalidUnique)
    assert (body["code"], body["name"]) == (10, "invalid unique name")


async def test_unique_violation(database: Database) -> None:
    """A value of a unique field is taken once; Kong's text names the first field in conflict."""
    await database.consumers.insert({"username": "bob", "custom_id": "cb"})
    body = await refusal(database.consumers.insert({"username": "bob", "custom_id": "cb"}), UniqueViolation)
    assert body == {
        "code": 5,
        "name": "unique constraint violation",
        "message": "UNIQUE violation detected on '{username=\"bob\"}'",
        "fields": {"username": "bob"},
    }
    body = await refusal(database.consumers.insert({"username": "amy", "custom_id": "cb"}), UniqueViolation)
    assert body["fields"] == {"custom_id": "cb"}


async def test_null_is_not_unique(database: Database) -> None:
    """Any number of entities may leave a unique field null."""
    await database.consumers.insert({"username": "bob"})
    await database.consumers.insert({"username": "amy"})


async def test_composite_unique_violation(database: Database) -> None:
    """A composite key is unique with its nulls, and the error lists all of its fields."""
    service = (await database.services.insert({"name": "s"})).entity
    await database.plugins.insert({"name": "p", "service": {"id": service["id"]}})
    await database.plugins.insert({"name": "p"})
    body = await refusal(database.plugins.insert({"name": "p"}), UniqueViolation)
    assert body["fields"] == {"consumer": None, "name": "p", "route": None, "service": None}
    assert body["message"] == (
        "UNIQUE violation detected on '{consumer=null,name=\"p\",route=null,service=null}'"
    )
    body = await refusal(
        database.plugins.insert({"name": "p", "service": {"id": service["id"]}}), UniqueViolation
    )
    assert body["fields"]["service"] == {"id": service["id"]}


async def test_update_to_a_taken_name(database: Database) -> None:
    """An update that would take another's name changes nothing; keeping one's own is no conflict."""
    await database.services.insert({"name": "one"})
    two = (await database.services.insert({"name": "two", "port": 1})).entity
    await refusal(database.services.update(two["id"], {"name": "one", "port": 2}), UniqueViolation)
    assert await database.services.select(two["id"]) == two
    written = await database.services.update(two["id"], {"name": "two", "port": 3})
    assert written.entity["port"] == 3


async def test_a_name_is_free_again(database: Database) -> None:
    """A name given up by a rename or a delete can be taken by another at once."""
    one = (await database.services.insert({"name": "one"})).entity
    await database.services.update(one["id"], {"name": "two"})
    await database.services.insert({"name": "one"})
    await database.services.delete(one["id"])
    await database.services.insert({"name": "two"})


async def test_update_merges(database: Database) -> None:
    """An update merges records, resets what is null and leaves the rest."""
    route = (await database.routes.insert({"name": "r", "options": {"a": 1, "b": 2}, "tags": ["x"]})).entity
    written = await database.routes.update(route["id"], {"options": {"b": 3}, "tags": None})
    assert written.entity == {**route, "options": {"a": 1, "b": 3}, "tags": None}


async def test_update_of_nothing(database: Database) -> None:
    """There must be an entity to update: code 6, with the key that was asked for."""
    assert await refusal(database.services.update(NOBODY, {"port": 1}), NotFound) == {
        "code": 6,
        "name": "not found",
        "message": f"could not find the entity with primary key '{{id=\"{NOBODY}\"}}'",
        "fields": {"id": NOBODY},
    }
    body = await refusal(database.services.update_by("name", "none", {"port": 1}), NotFound)
    assert body["message"] == "could not find the entity with '{name=\"none\"}'"
    assert body["fields"] == {"name": "none"}


async def test_upsert_replaces(database: Database) -> None:
    """A put of a full document resets what it leaves out; the key in the address wins."""
    one = (await database.services.insert({"name": "one", "port": 1})).entity
    written = await database.services.upsert(one["id"], {"name": "new", "id": SOMEBODY})
    assert written.entity["id"] == one["id"]
    assert (written.entity["name"], written.entity["port"]) == ("new", None)
    assert written.changes[0].operation == "update"


async def test_upsert_makes(database: Database) -> None:
    """A put where there is nothing makes an entity with this key."""
    written = await database.services.upsert(SOMEBODY, {"name": "one"})
    assert written.entity["id"] == SOMEBODY
    assert written.changes[0].operation == "create"


async def test_upsert_by_name(database: Database) -> None:
    """A put by name makes an entity of this name, then replaces it and keeps its primary key."""
    made = await database.services.upsert_by("name", "one", {"port": 1, "name": "ignored"})
    assert made.entity["name"] == "one"
    replaced = await database.services.upsert_by("name", "one", {"id": SOMEBODY})
    assert replaced.entity["id"] == made.entity["id"]
    assert replaced.entity["port"] is None


async def test_delete_of_nothing(database: Database) -> None:
    """Removing what is not there is no error and no change."""
    before = await database.log.head()
    for written in (
        await database.services.delete(NOBODY),
        await database.services.delete_by("name", "none"),
    ):
        assert (written.entity, written.changes, written.position) == (None, (), before)


async def test_verbs_by_name(database: Database) -> None:
    """Update and delete work by the value of a unique field as well."""
    one = (await database.services.insert({"name": "one"})).entity
    written = await database.services.update_by("name", "one", {"port": 9})
    assert written.entity == {**one, "port": 9}
    assert len((await database.services.delete_by("name", "one")).changes) == 1
    assert await database.services.select(one["id"]) is None


async def test_a_refused_record_writes_nothing(database: Database) -> None:
    """What the schema refuses leaves neither a row nor a change behind."""
    before = await database.log.head()
    await refusal(database.services.insert({"name": 1}), SchemaViolation)
    assert await database.log.head() == before


@pytest.mark.parametrize("value", [2**70, "\ud800"])
async def test_a_value_that_cannot_be_stored(database: Database, value: object) -> None:
    """An integer past 64 bits or half a surrogate pair is the sender's mistake."""
    field = "port" if isinstance(value, int) else "name"
    await refusal(database.services.insert({field: value}), SchemaViolation)


async def test_no_store_takes_a_nul(database: Database) -> None:
    """PostgreSQL cannot hold one, and nobody could find the entity by name; so all refuse it alike."""
    error = await refusal(database.services.insert({"name": "a\0b"}), SchemaViolation)
    assert error["fields"] == {"name": "must not contain a NUL character"}


@pytest.mark.parametrize("name", ["a", "a" * 5000])
async def test_examination_tells_what_the_store_cannot_hold(database: Database, name: str) -> None:
    """An entity that a store refuses for itself is refused by its examination too, and no other."""
    written: EntityError | None = None
    try:
        entity = (await database.services.insert({"name": name, "tags": [name]})).entity
    except SchemaViolation as error:
        written, entity = error, {"id": SOMEBODY, "created_at": 1, "name": name, "port": None, "tags": [name]}
    table, examined = database.services.table, None
    try:
        database.strategy.examine(table, table.key_of(entity), entity)
    except SchemaViolation as error:
        examined = error
    assert str(written) == str(examined)


async def test_dangling_reference(database: Database) -> None:
    """A reference must lead somewhere: code 4 on insert and on update."""
    expected = {
        "code": 4,
        "name": "foreign key violation",
        "message": f"the foreign key '{{id=\"{NOBODY}\"}}' does not reference an existing 'services' entity.",
        "fields": {"service": {"id": NOBODY}},
    }
    record = {"name": "r", "service": {"id": NOBODY}}
    assert await refusal(database.routes.insert(record), ForeignKeyViolation) == expected
    await database.routes.insert({"name": "r"})
    assert await refusal(database.routes.update_by("name", "r", record), ForeignKeyViolation) == expected


async def test_unique_is_refused_before_dangling(database: Database) -> None:
    """Of a taken name and a dangling reference the name is told, as Kong's database does."""
    await database.routes.insert({"name": "r"})
    await refusal(database.routes.insert({"name": "r", "service": {"id": NOBODY}}), UniqueViolation)


async def test_reference_by_name(database: Database) -> None:
    """A parent may be named instead of identified; one that does not exist gives code 13."""
    service = (await database.services.insert({"name": "s"})).entity
    written = await database.routes.insert({"name": "r", "service": {"name": "s"}})
    assert written.entity["service"] == {"id": service["id"]}
    body = await refusal(
        database.routes.update_by("name", "r", {"service": {"name": "nope"}}), ForeignKeysUnresolved
    )
    reason = "the foreign key cannot be resolved with '{name=\"nope\"}' for an existing 'services' entity"
    assert body == {
        "code": 13,
        "name": "foreign keys unresolved",
        "message": f"foreign key unresolved (service.name: {reason})",
        "fields": {"service": {"name": reason}},
    }


async def test_restrict(database: Database) -> None:
    """An entity that is still referred to stays, with everything that would have gone with it."""
    service = (await database.services.insert({"name": "s"})).entity
    await database.plugins.insert({"name": "p", "service": {"id": service["id"]}})
    await database.routes.insert({"name": "r", "service": {"id": service["id"]}})
    before = await database.log.head()
    assert await refusal(database.services.delete(service["id"]), ForeignKeyViolation) == {
        "code": 4,
        "name": "foreign key violation",
        "message": "an existing 'routes' entity references this 'services' entity",
        "fields": {"@referenced_by": "routes"},
    }
    assert await database.services.select(service["id"]) == service
    assert len((await database.plugins.page()).rows) == 1
    assert await database.log.head() == before
    await database.routes.delete_by("name", "r")
    await database.services.delete(service["id"])


async def test_cascade(database: Database) -> None:
    """What refers to a removed entity goes too, and what refers to that; each has a change of its own."""
    consumer = (await database.consumers.insert({"username": "bob"})).entity
    other = (await database.consumers.insert({"username": "amy"})).entity
    parent = {"consumer": {"id": consumer["id"]}}
    credential = (await database.keyauth_credentials.insert({"key": "k", **parent})).entity
    await database.keyauth_credentials.insert({"key": "k2", "consumer": {"id": other["id"]}})
    grant = (await database.grants.insert({"credential": {"id": credential["id"]}})).entity
    plugin = (await database.plugins.insert({"name": "p", **parent})).entity
    written = await database.consumers.delete(consumer["id"])
    assert {(change.entity, change.id, change.operation) for change in written.changes} == {
        ("grants", grant["id"], "delete"),
        ("keyauth_credentials", credential["id"], "delete"),
        ("plugins", plugin["id"], "delete"),
        ("consumers", consumer["id"], "delete"),
    }
    assert written.changes[-1].entity == "consumers"
    assert f"keyauth_credentials:k:::::{database.workspace}" in {
        key for change in written.changes for key in change.keys
    }
    assert [row["key"] for row in (await database.keyauth_credentials.page()).rows] == ["k2"]
    assert (await database.grants.page()).rows == ()


async def test_composite_primary_key(database: Database) -> None:
    """A primary key may have several parts."""
    key = {"identifier": "x", "period": "minute"}
    await database.counters.upsert(key, {"value": 1})
    await database.counters.upsert(key, {"value": 2})
    found = await database.counters.select(key)
    assert found["value"] == 2
    assert len((await database.counters.delete(key)).changes) == 1


async def test_concurrent_updates_lose_nothing(database: Database) -> None:
    """Updates at the same time are each merged into what the others wrote."""
    from twisted.internet.defer import ensureDeferred, gatherResults

    await database.routes.insert({"name": "r", "options": {"a": 0, "b": 0}})
    await gatherResults(
        [
            ensureDeferred(database.routes.update_by("name", "r", {"options": {field: number}}))
            for number in range(1, 4)
            for field in ("a", "b")
        ]
    )
    found = await database.routes.select_by("name", "r")
    assert found["options"]["a"] > 0
    assert found["options"]["b"] > 0


async def test_concurrent_puts_of_one_name(database: Database) -> None:
    """Of puts of one name at the same time one makes the entity and the others replace it."""
    from twisted.internet.defer import ensureDeferred, gatherResults

    written = await gatherResults(
        [ensureDeferred(database.services.upsert_by("name", "s", {"port": port})) for port in range(1, 7)]
    )
    assert len({each.entity["id"] for each in written}) == 1
    operations = sorted(each.changes[0].operation for each in written)
    assert operations == ["create", *["update"] * 5]


async def test_however_many_write_one_entity_at_once(database: Database) -> None:
    """Each of many writes of one entity succeeds, as one of many that were made one after the other."""
    await database.services.insert({"name": "one"})
    writes = [
        *(database.services.update_by("name", "one", {"port": port}) for port in range(1, 51)),
        *(database.services.upsert_by("name", "two", {"port": port}) for port in range(1, 51)),
    ]
    written = await gatherResults([Deferred.fromCoroutine(write) for write in writes], consumeErrors=True)
    assert len({str(each.position) for each in written}) == 100
