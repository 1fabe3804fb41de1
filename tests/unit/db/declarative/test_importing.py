"""A document is applied wholly or not at all, and only what differs is written."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import Any

import pytest

from tests.kit.declarative import Gateway, told
from tests.kit.deferreds import failure_of, success_of
from twisted_kong.core.declarative.items import Item
from twisted_kong.core.declarative.problems import DeclarativeConfig
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.declarative.importing import ATTEMPTS
from twisted_kong.db.declarative.options import Options
from twisted_kong.db.interfaces import Commit, Committed, LostRace, Stored
from twisted_kong.db.staging import StagedStrategy
from twisted_kong.db.staging.rows import StagedRows

DOCUMENT: dict[str, Any] = {
    "services": [{"name": "a", "host": "h", "routes": [{"name": "r", "paths": ["/"]}]}],
    "upstreams": [{"name": "u", "targets": [{"target": "t"}]}],
}


def test_one_commit_in_somebodys_name() -> None:
    """All changes have one author, and the log holds them together."""
    gateway = Gateway()
    head = success_of(gateway.database.log.head())
    done = gateway.apply(DOCUMENT)
    batch = success_of(gateway.database.log.history(head, 100))
    assert batch.changes == done.changes
    assert {change.author for change in batch.changes} == {"alice"}
    assert told(done.drafts) == [
        *(("create", "services"), ("create", "routes")),
        *(("create", "upstreams"), ("create", "targets")),
    ]
    assert set(done.entities) == {"services", "routes", "upstreams", "targets"}


def test_a_second_time_nothing_is_written() -> None:
    """Nor later, when times to be set would differ."""
    gateway = Gateway()
    first = gateway.apply(DOCUMENT)
    gateway.clock.advance(1000)
    again = gateway.apply(DOCUMENT, "sync")
    assert again.drafts == ()
    assert again.position == first.position


def test_an_update_keeps_when_it_was_made() -> None:
    """Kong: sets ``created_at`` anew."""
    gateway = Gateway()
    gateway.apply(DOCUMENT)
    [before] = gateway.rows("services")
    gateway.clock.advance(1000)
    gateway.apply({"services": [{"name": "a", "host": "other"}]})
    [after] = gateway.rows("services")
    assert (after["id"], after["host"], after["created_at"]) == (before["id"], "other", before["created_at"])
    assert after["updated_at"] > before["updated_at"]


def test_a_refused_document_leaves_nothing() -> None:
    """Be it refused for its last entity."""
    gateway = Gateway()
    head = success_of(gateway.database.log.head())
    with pytest.raises(DeclarativeConfig):
        gateway.apply({**DOCUMENT, "plugins": [{"name": "nothing"}]})
    assert success_of(gateway.database.log.head()) == head


def test_a_text_that_is_none() -> None:
    """It is refused as Kong does."""
    with pytest.raises(DeclarativeConfig, match="failed parsing declarative configuration"):
        success_of(Gateway().importer.parse("a: ["))


def test_others_write_meanwhile() -> None:
    """What they changed is read anew, and the document planned on it."""
    gateway = Gateway()
    gateway.apply(DOCUMENT)
    strategy: Any = gateway.database.strategy
    apply, raced = strategy.apply, []

    async def late(commit: Commit) -> Committed:
        if not raced:
            raced.append(1)
            await gateway.database["services"].update_by("name", "a", {"port": 99})
        done: Committed = await apply(commit)
        return done

    strategy.apply = late
    done = gateway.apply({"services": [{"name": "a", "host": "new", "tags": ["t"]}]})
    [draft] = done.drafts
    assert draft.before is not None
    assert draft.before["port"] == 99
    assert gateway.rows("services")[0]["host"] == "new"


def test_who_loses_again_and_again_gives_up() -> None:
    """Nothing was written then, and that is said."""
    gateway = Gateway()
    strategy: Any = gateway.database.strategy
    tried = []

    async def never(commit: Commit) -> Committed:
        tried.append(1)
        raise LostRace("services 1")

    strategy.apply = never
    error = failure_of(
        gateway.importer.apply({"_format_version": "3.0", **DOCUMENT}, Options()), DatabaseUnavailable
    )
    assert "others kept changing services 1" in str(error)
    assert len(tried) == ATTEMPTS


def test_progress_is_told() -> None:
    """Phase by phase, to the end of each."""
    seen: list[tuple[str, int, int]] = []
    Gateway().apply(DOCUMENT, tell=lambda *where: seen.append(where))
    assert list(dict.fromkeys(phase for phase, _, _ in seen)) == ["checking", "comparing", "writing"]
    assert ("checking", 4, 4) in seen
    assert seen[-1] == ("writing", 4, 4)


def test_progress_of_a_long_write_is_told() -> None:
    """Writing takes longest on a server, so it is not silent meanwhile."""
    seen: list[tuple[str, int, int]] = []
    document = {"consumers": [{"username": f"c{number}"} for number in range(120)]}
    Gateway().apply(document, tell=lambda *where: seen.append(where))
    writing = [done for phase, done, _ in seen if phase == "writing"]
    assert writing == [0, 50, 100, 120]


class Left:
    """What is alive and was not when this was made, be it that only the garbage collector knows of it.

    Tests before this one may have left things of their own, which failed ones keep.
    """

    def __init__(self, *kinds: type) -> None:
        gc.collect()
        self._kinds = kinds
        self._earlier = self._alive()

    def now(self) -> list[Any]:
        """All of it."""
        known = {id(each) for each in self._earlier}
        return [each for each in self._alive() if id(each) not in known]

    def _alive(self) -> list[Any]:
        return [each for each in gc.get_objects() if isinstance(each, self._kinds)]


def held(stores: list[StagedStrategy]) -> bool:
    """Whether a staged store holds anything."""
    return any(kept for store in stores for kept in (*store._overlay.kept(), *store._base.kept()))


def test_nothing_is_left_for_the_garbage_collector() -> None:
    """It would find a great document long after, and others would have been staged by then."""
    gateway = Gateway()
    stores, parts = Left(StagedStrategy), Left(StagedRows, Stored, Item)
    gateway.apply(DOCUMENT)
    assert not held(stores.now())
    assert not parts.now()


def test_nothing_is_kept_of_what_was_refused() -> None:
    """Of a document with a mistake at its end no more than of a good one."""
    gateway = Gateway()
    stores = Left(StagedStrategy)
    with suppress(DeclarativeConfig):
        gateway.apply({**DOCUMENT, "plugins": [{"name": "nothing"}]})
    assert not held(stores.now())
