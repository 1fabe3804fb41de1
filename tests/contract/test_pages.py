"""What every strategy must do when entities are listed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.contract.test_verbs import refusal
from twisted_kong.core.errors import InvalidOffset, InvalidOptions, InvalidSize
from twisted_kong.db.dao import Page
from twisted_kong.db.database import Database


async def fill(database: Database, count: int) -> list[str]:
    """Make some services; their names by ascending primary key."""
    made = [(await database.services.insert({"name": f"s{number}"})).entity for number in range(count)]
    return [entity["name"] for entity in sorted(made, key=lambda entity: entity["id"])]


def names(page: Page) -> list[Any]:
    """The names on a page."""
    return [row["name"] for row in page.rows]


async def test_pages_by_primary_key(database: Database) -> None:
    """Pages go by ascending primary key, and together hold each entity once."""
    expected = await fill(database, 7)
    first = await database.services.page(3)
    second = await database.services.page(3, first.offset)
    third = await database.services.page(3, second.offset)
    assert names(first) + names(second) + names(third) == expected
    assert third.offset is None


async def descending(database: Database, kind: str, size: int, **narrowed: Any) -> list[Any]:
    """The names of a list with the last keys first, page by page."""
    seen, offset = [], None
    while True:
        page = await database[kind].page(size, offset, descending=True, **narrowed)
        assert len(page.rows) == size or page.offset is None
        seen += names(page)
        offset = page.offset
        if offset is None:
            return seen


async def test_pages_by_descending_primary_key(database: Database) -> None:
    """Turned round, pages go by descending primary key, each entity once; the last may be full."""
    expected = (await fill(database, 6))[::-1]
    for size in (1, 4, 3, 6, 7):
        assert await descending(database, "services", size) == expected
    assert await descending(database, "routes", 2) == []


async def test_descending_pages_by_keys_of_several_fields(database: Database) -> None:
    """So do those of a kind with a primary key of several fields."""
    for identifier in ("b", "é", "a", "\N{EURO SIGN}"):
        await database.counters.insert({"identifier": identifier, "period": "day", "value": 1})
    ascending = [row async for row in database.counters.each()]
    first = await database.counters.page(3, descending=True)
    second = await database.counters.page(3, first.offset, descending=True)
    assert [*first.rows, *second.rows] == ascending[::-1]


async def test_descending_pages_of_a_parent_and_by_tags(database: Database) -> None:
    """Turned round, a list that is narrowed holds the same: by tags, by a parent, by both."""
    parents = [(await database.services.insert({"name": name})).entity for name in ("a", "b")]
    for number in range(9):
        tags = [tag for bit, tag in enumerate("xyz") if number >> bit & 1]
        service = {"id": parents[number % 2]["id"]}
        await database.routes.insert({"name": f"r{number}", "service": service, "tags": tags})
    for foreign in (None, ("service", parents[1]["id"])):
        for tags in (None, "x", "x,y", "y/z"):
            page = await database.routes.page(tags=tags, foreign=foreign)
            found = await descending(database, "routes", 2, tags=tags, foreign=foreign)
            assert found == names(page)[::-1]
            assert len(found) > 1


async def test_an_offset_of_the_other_order_leads_back(database: Database) -> None:
    """An offset is a place among the keys: asked for the other way round, what lies before it comes."""
    expected = await fill(database, 5)
    up = await database.services.page(3)
    assert names(await database.services.page(5, up.offset, descending=True)) == expected[1::-1]
    down = await database.services.page(3, descending=True)
    assert names(await database.services.page(5, down.offset)) == expected[3:]
    assert len(down.offset or "") == len(up.offset or "")


async def test_descending_pages_go_on_when_the_last_row_is_gone(database: Database) -> None:
    """A descending list, too, goes on from where a row was, past what was put above it meanwhile."""
    expected = (await fill(database, 4))[::-1]
    page = await database.services.page(2, descending=True)
    await database.services.delete(page.rows[1]["id"])
    await database.services.insert({"id": "ffffffff-ffff-4fff-bfff-ffffffffffff", "name": "new"})
    assert names(await database.services.page(5, page.offset, descending=True)) == expected[2:]


async def test_the_last_page_may_be_full(database: Database) -> None:
    """A full page that nothing follows has no offset."""
    await fill(database, 4)
    first = await database.services.page(2)
    assert (await database.services.page(2, first.offset)).offset is None


async def test_offset_is_kongs(database: Database) -> None:
    """The offset is unpadded base64 of a JSON array with the last primary key."""
    await fill(database, 2)
    page = await database.services.page(1)
    assert page.offset is not None
    padded = page.offset + "=" * (-len(page.offset) % 4)
    assert json.loads(base64.b64decode(padded)) == [page.rows[0]["id"]]


async def test_paging_goes_on_when_the_last_row_is_gone(database: Database) -> None:
    """An offset still leads on when its entity was removed."""
    expected = await fill(database, 3)
    page = await database.services.page(1)
    await database.services.delete(page.rows[0]["id"])
    assert names(await database.services.page(5, page.offset)) == expected[1:]


@pytest.mark.parametrize("size", [0, 1001, 1.5, -1, "0", "1.5", "1001"])
async def test_sizes_out_of_range(database: Database, size: object) -> None:
    """A size is a whole number from 1 to 1000."""
    body = await refusal(database.services.page(size), InvalidSize)
    assert body == {
        "code": 9,
        "name": "invalid size",
        "message": "size must be an integer between 1 and 1000",
    }


@pytest.mark.parametrize("offset", ["junk", "", "e30", "WzFd", "WyJhIiwiYiJd"])
async def test_bad_offsets(database: Database, offset: str) -> None:
    """What is no offset of the list is refused with code 7."""
    body = await refusal(database.services.page(2, offset), InvalidOffset)
    assert body["code"] == 7
    assert body["message"] == f"'{offset}' is not a valid offset: bad json encoding"


async def test_each(database: Database) -> None:
    """All entities can be gone through, in pages of any size."""
    expected = await fill(database, 5)
    assert [entity["name"] async for entity in database.services.each(2)] == expected
    assert [entity async for entity in database.routes.each()] == []


async def test_children_of_a_parent(database: Database) -> None:
    """A list can be narrowed to what refers to one parent, page by page."""
    parents = [(await database.services.insert({"name": name})).entity for name in ("a", "b")]
    for number in range(6):
        service = {"id": parents[number % 2]["id"]}
        await database.routes.insert({"name": f"r{number}", "service": service})
    of_a = ("service", parents[0]["id"])
    first = await database.routes.page(2, foreign=of_a)
    second = await database.routes.page(2, first.offset, foreign=of_a)
    assert sorted(names(first) + names(second)) == ["r0", "r2", "r4"]
    assert second.offset is None
    moved = await database.routes.update_by("name", "r0", {"service": {"name": "b"}})
    assert moved.entity["service"] == {"id": parents[1]["id"]}
    assert sorted([row["name"] async for row in database.routes.each(foreign=of_a)]) == ["r2", "r4"]


async def test_tag_filters(database: Database) -> None:
    """A comma wants all of the tags, a slash any of them."""
    for name, tags in (("one", ["a"]), ("two", ["a", "b"]), ("three", ["c", "b"]), ("four", None)):
        await database.services.insert({"name": name, "tags": tags})

    async def tagged(text: str) -> set[str]:
        return set(names(await database.services.page(tags=text)))

    assert await tagged("a") == {"one", "two"}
    assert await tagged("a,b") == {"two"}
    assert await tagged("a/c") == {"one", "two", "three"}
    assert await tagged("none") == set()
    assert await tagged("none/a") == {"one", "two"}


async def test_tag_filters_in_pages(database: Database) -> None:
    """A filtered list goes by pages like any other, and an entity with two of the tags comes once."""
    for number in range(6):
        await database.services.insert({"name": f"s{number}", "tags": ["a", "b"] if number % 2 else ["b"]})
    first = await database.services.page(2, tags="a/b")
    second = await database.services.page(2, first.offset, tags="a/b")
    third = await database.services.page(2, second.offset, tags="a/b")
    found = names(first) + names(second) + names(third)
    assert sorted(found) == [f"s{number}" for number in range(6)]
    assert third.offset is None
    assert (await database.services.page(3, tags="a,b")).offset is None


async def test_tag_filters_follow_updates(database: Database) -> None:
    """An entity is found by the tags it bears now."""
    await database.services.insert({"name": "one", "tags": ["a", "b"]})
    await database.services.update_by("name", "one", {"tags": ["b", "c"]})
    assert names(await database.services.page(tags="a")) == []
    assert names(await database.services.page(tags="b,c")) == ["one"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be null"),
        (",", "invalid filter syntax"),
        ("a,b/z", "invalid filter syntax"),
        ("a,,b", "invalid filter syntax"),
        ("a,b,c,d,e,f", "cannot query more than 5 tags"),
    ],
)
async def test_bad_tag_filters(database: Database, text: str, reason: str) -> None:
    """What is no tag filter is refused with code 11."""
    assert await refusal(database.services.page(tags=text), InvalidOptions) == {
        "code": 11,
        "name": "invalid options",
        "message": f"invalid option (tags: {reason})",
        "options": {"tags": reason},
    }


async def test_a_tag_filter_on_a_kind_without_tags(database: Database) -> None:
    """Where there are no tags the filter is ignored."""
    await database.plugins.insert({"name": "p"})
    assert len((await database.plugins.page(tags="x")).rows) == 1


async def tagged_entities(database: Database) -> list[dict[str, Any]]:
    """Make tagged entities of two kinds; the items that /tags must list, in order."""
    made = [
        ("services", (await database.services.insert({"name": "s", "tags": ["a", "b"]})).entity),
        ("routes", (await database.routes.insert({"name": "r", "tags": ["b"]})).entity),
        ("consumers", (await database.consumers.insert({"username": "c", "tags": ["z", "a"]})).entity),
    ]
    return [
        {"tag": tag, "entity_name": kind, "entity_id": entity["id"]}
        for kind, entity in sorted(made, key=lambda pair: pair[1]["id"])
        for tag in entity["tags"]
    ]


async def test_all_tags(database: Database) -> None:
    """The tags of all kinds are listed by entity and by their order there."""
    expected = await tagged_entities(database)
    assert list((await database.tags_page()).rows) == expected
    first = await database.tags_page(2)
    second = await database.tags_page(2, first.offset)
    third = await database.tags_page(2, second.offset)
    assert [*first.rows, *second.rows, *third.rows] == expected
    assert third.offset is None


async def test_tags_offset_is_kongs(database: Database) -> None:
    """The offset of tags is unpadded base64 of the entity's id and the tag's place, from 1."""
    await database.services.insert({"name": "s", "tags": ["a", "b", "c"]})
    page = await database.tags_page(2)
    assert page.offset is not None
    padded = page.offset + "=" * (-len(page.offset) % 4)
    assert json.loads(base64.b64decode(padded)) == [page.rows[0]["entity_id"], 2]


async def test_one_tag(database: Database) -> None:
    """The entities with one tag are listed, page by page."""
    expected = [item for item in await tagged_entities(database) if item["tag"] == "a"]
    first = await database.tags_page(1, tag="a")
    second = await database.tags_page(1, first.offset, tag="a")
    assert [*first.rows, *second.rows] == expected
    assert second.offset is None
    assert (await database.tags_page(tag="none")).rows == ()


async def test_tags_of_two_kinds_with_one_id(database: Database) -> None:
    """A page that ends between entities of the same id loses neither."""
    key = "11111111-1111-4111-8111-000000000001"
    for kind in ("services", "routes", "consumers"):
        await database[kind].insert({"id": key, "tags": ["x"]})
    seen, offset = [], None
    for _ in range(3):
        page = await database.tags_page(1, offset)
        seen.append(page.rows[0]["entity_name"])
        offset = page.offset
    assert (sorted(seen), offset) == (["consumers", "routes", "services"], None)


@pytest.mark.parametrize("offset", ["junk", "WzFd", "WyJhIl0", "WyJhIiwiYiJd"])
async def test_bad_tags_offsets(database: Database, offset: str) -> None:
    """What is no offset of the tags is refused."""
    await refusal(database.tags_page(2, offset), InvalidOffset)


async def test_tags_go_with_their_entity(database: Database) -> None:
    """A removed entity's tags are gone."""
    await database.services.insert({"name": "s", "tags": ["a"]})
    await database.services.delete_by("name", "s")
    assert (await database.tags_page()).rows == ()
