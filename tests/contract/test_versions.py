"""What every strategy must do when kinds change between versions."""

from __future__ import annotations

from tests.contract.conftest import OpenDatabase

LATER = {
    "services": {
        "retries": {"type": "integer", "default": 5},
        "limits": {"type": "record", "fields": {"rate": {"type": "integer", "default": 10}}},
    }
}


async def test_a_later_version(open_database: OpenDatabase) -> None:
    """Entities of an older version have the fields that came since, at their defaults, wherever they are
    read, and can be updated."""
    older = await open_database("older")
    entity = (await older.services.insert({"name": "s", "port": 1, "tags": ["t"]})).entity
    await older.stop()
    later = await open_database("later", added=LATER)
    expected = {**entity, "retries": 5, "limits": {"rate": 10}}
    assert await later.services.select(entity["id"]) == expected
    assert await later.services.select_by("name", "s") == expected
    assert (await later.services.page(tags="t")).rows == (expected,)
    written = await later.services.update(entity["id"], {"limits": {"rate": 20}})
    assert written.entity == {**expected, "limits": {"rate": 20}}


async def test_both_versions_at_once(open_database: OpenDatabase) -> None:
    """While both versions run each sees its own fields in what the other wrote."""
    older, later = await open_database("older"), await open_database("later", added=LATER)
    old = (await older.services.insert({"name": "old"})).entity
    new = (await later.services.insert({"name": "new", "retries": 1})).entity
    assert await later.services.select(old["id"]) == {**old, "retries": 5, "limits": {"rate": 10}}
    assert await older.services.select(new["id"]) == {field: new[field] for field in old}


async def test_back_to_the_older_version(open_database: OpenDatabase) -> None:
    """What only the later version has is not shown by the older one, and is there again after it."""
    later = await open_database("later", added=LATER)
    new = (await later.services.insert({"name": "new", "retries": 1})).entity
    await later.stop()
    older = await open_database("older")
    shown = await older.services.select(new["id"])
    assert shown.keys() == set(older.services.schema.fields)
    await older.stop()
    again = await open_database("again", added=LATER)
    assert await again.services.select(new["id"]) == new
