"""Tokens of the Admin API in the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import core_database
from twisted_kong.core.admin_tokens import digest, has_token_shape
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import NotFound, SchemaViolation
from twisted_kong.db.database import Database
from twisted_kong.db.kinds.admin_tokens import AdminTokensDao

ROLES = {"services": "write"}


@pytest.fixture
def database() -> Iterator[Database]:
    """A database of the core's kinds."""
    with core_database() as database:
        yield database


def dao_of(database: Database) -> AdminTokensDao:
    """The DAO under test."""
    dao = database["admin_tokens"]
    assert isinstance(dao, AdminTokensDao)
    return dao


def entity_of(written: Any) -> Entity:
    """What a write left."""
    entity: Entity = success_of(written).entity
    return entity


def fields_of(written: Any) -> dict[str, Any]:
    """What a refused write says of fields."""
    error = failure_of(written)
    assert isinstance(error, SchemaViolation)
    return dict(error.fields or {})


def test_a_new_token_is_told_once_and_only_its_hash_is_kept(database: Database) -> None:
    """The answer to the write has it, what is read later has not."""
    dao = dao_of(database)
    made = entity_of(dao.insert({"name": "ci", "roles": ROLES}))
    assert has_token_shape(made["token"])
    assert made["token_hash"] == digest(made["token"])
    read = success_of(dao.select_by("name", "ci"))
    assert read == {name: value for name, value in made.items() if name != "token"}
    assert made["token"] not in str(success_of(dao.select(made["id"])))


def test_no_two_tokens_are_alike(database: Database) -> None:
    """Each is drawn anew."""
    dao = dao_of(database)
    made = [entity_of(dao.insert({"name": f"t{n}", "roles": ROLES}))["token"] for n in range(3)]
    assert len(set(made)) == 3


def test_a_put_makes_a_token_or_leaves_its_secret(database: Database) -> None:
    """By name or by id: only where there was none is one told."""
    dao = dao_of(database)
    made = entity_of(dao.upsert_by("name", "ci", {"roles": ROLES}))
    assert has_token_shape(made["token"])
    for again in (
        dao.upsert_by("name", "ci", {"roles": {"routes": "read"}}),
        dao.upsert(made["id"], {"name": "ci", "roles": {"routes": "read"}}),
    ):
        changed = entity_of(again)
        assert changed["token_hash"] == made["token_hash"]
        assert (changed["roles"], "token" in changed) == ({"routes": "read"}, False)
    other = entity_of(dao.upsert("00000000-0000-4000-8000-00000000000f", {"name": "b", "roles": ROLES}))
    assert has_token_shape(other["token"])


def test_a_patch_leaves_the_secret(database: Database) -> None:
    """Whoever changes roles need not hand out a new token."""
    dao = dao_of(database)
    made = entity_of(dao.insert({"name": "ci", "roles": ROLES}))
    for changed in (
        entity_of(dao.update(made["id"], {"expires_at": 2_000_000_000})),
        entity_of(dao.update_by("name", "ci", {"tags": ["x"]})),
    ):
        assert changed["token_hash"] == made["token_hash"]
        assert "token" not in changed


def test_a_rotated_token_has_a_new_secret(database: Database) -> None:
    """Roles, name and id stay."""
    dao = dao_of(database)
    made = entity_of(dao.insert({"name": "ci", "roles": ROLES}))
    rotated = entity_of(dao.rotate(made["id"]))
    assert rotated["token_hash"] == digest(rotated["token"]) != made["token_hash"]
    assert (rotated["id"], rotated["roles"]) == (made["id"], ROLES)
    failure_of(dao.rotate("00000000-0000-4000-8000-00000000000f"), NotFound)


def test_nobody_says_what_the_secret_is(database: Database) -> None:
    """A hash that is sent would be one that somebody knows the token to; it is like an unknown field."""
    dao, forged = dao_of(database), {"name": "ci", "roles": ROLES, "token_hash": "0" * 64}
    made = entity_of(dao.insert({"name": "mine", "roles": ROLES}))
    for attempt in (
        dao.insert(forged),
        dao.upsert_by("name", "ci", forged),
        dao.upsert(made["id"], forged),
        dao.update(made["id"], {"token_hash": "0" * 64}),
        dao.update_by("name", "mine", {"token_hash": "0" * 64}),
    ):
        error = failure_of(attempt, SchemaViolation)
        assert error.fields == {"token_hash": "unknown field"}


@pytest.mark.parametrize(
    ("roles", "text"),
    [
        (None, "required field missing"),
        ({}, "length must be at least 1"),
        ({"services": "rw"}, "expected one of: read, write"),
        ({"sevices": "read"}, "unknown kind of entity: sevices"),
        ({"admin_tokens": "write"}, "tokens can only be written with the role * = write"),
        (["services"], "expected a map"),
    ],
)
def test_roles_that_mean_nothing_are_refused(database: Database, roles: Any, text: str) -> None:
    """A misspelt kind would allow nothing, which whoever wrote it did not mean."""
    error = failure_of(dao_of(database).insert({"name": "ci", "roles": roles}), SchemaViolation)
    assert error.fields == {"roles": text}


def test_every_kind_may_stand_in_a_role(database: Database) -> None:
    """Also views, and ``*``."""
    roles = dict.fromkeys([*database.daos, "tags", "*"], "read")
    assert entity_of(dao_of(database).insert({"name": "all", "roles": roles}))["roles"] == roles


def test_no_token_is_made_that_is_over_already(database: Database) -> None:
    """It would be good for nothing; whoever wrote it meant something else, such as seconds from now."""
    dao = dao_of(database)
    now = int(database.write_context().now)
    wrong = {"expires_at": "must be in the future"}
    assert fields_of(dao.insert({"name": "t", "roles": ROLES, "expires_at": now - 1})) == wrong
    assert fields_of(dao.upsert_by("name", "t", {"roles": ROLES, "expires_at": 3600})) == wrong
    made = entity_of(dao.insert({"name": "t", "roles": ROLES, "expires_at": now + 10}))
    for write in (
        dao.update(made["id"], {"expires_at": now}),
        dao.update_by("name", "t", {"expires_at": now}),
        dao.upsert(made["id"], {"name": "t", "roles": ROLES, "expires_at": now}),
    ):
        assert fields_of(write) == wrong
    assert fields_of(dao.insert({"name": "u", "roles": ROLES, "expires_at": "soon"})) == {
        "expires_at": "expected an integer"
    }


def test_the_end_of_a_token_that_is_over_may_stay(database: Database) -> None:
    """What is not changed is not judged: it may still be renamed, or put as it is."""
    dao = dao_of(database)
    now = int(database.write_context().now)
    made = entity_of(dao.insert({"name": "t", "roles": ROLES, "expires_at": now + 10}))
    success_of(dao.update(made["id"], {"expires_at": now + 20}))
    clock: Any = database.clock
    clock.advance(100)
    assert entity_of(dao.update(made["id"], {"name": "old"}))["name"] == "old"
    put = {"name": "older", "roles": ROLES, "expires_at": now + 20}
    assert entity_of(dao.upsert(made["id"], put))["name"] == "older"
    assert entity_of(dao.update(made["id"], {"expires_at": now + 20}))["expires_at"] == now + 20
