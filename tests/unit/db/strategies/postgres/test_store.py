"""What the strategy asks of its server; what comes of it is for the contract of stores."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.kit.deferreds import failure_of, started, success_of
from tests.kit.logs import caught_warnings
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.core.changes import ChangeBatch
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable, OutcomeUnknown, UniqueViolation
from twisted_kong.db.definitions import layout_of
from twisted_kong.db.interfaces import DEAD_AFTER, Commit, LostRace, Member, PoolUse, Write
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.postgres.driver import Rows
from twisted_kong.db.strategies.postgres.migrations import STEPS
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.store import PostgresStrategy

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
SERVICES = TABLES["services"]
INSERT = Commit((Write("services", "insert", "1", {"id": "1", "name": "a", "tags": None}),), "me", 5.0)
HEAD = (4, "aaaaaaaa", True, "aaaaaaaa")


def row(number: int, tag: str = "aaaaaaaa") -> tuple[Any, ...]:
    """A row of the log."""
    return (number, tag, "services", "delete", "1", "[]", "me", 5.0, None)


class Store:
    """A strategy on a server of the imagination."""

    def __init__(self) -> None:
        self.clock, self.server = PostgresClock(), FakeServer()
        tags = (f"{number:08x}" for number in itertools.count(1))
        settings = Settings(hosts=(("10.0.0.1", 5432),), pool_size=1)
        self.strategy = PostgresStrategy(
            settings, None, self.clock, new_tag=lambda: next(tags), make_driver=self.server.make
        )

    def start(self, *, steps: int = len(STEPS)) -> Deferred[None]:
        """Start it on a database that has been through so many steps."""
        starting = started(self.strategy.start(TABLES, migrate=False))
        self.server.answer([(["name", "at"],)])
        self.server.answer([(step.name,) for step in STEPS[:steps]])
        if steps == len(STEPS):
            self.server.answer([(True,)])
            self.server.answer([(name, layout_of(table)) for name, table in TABLES.items()])
            self.server.answer([("public",)])
        return starting

    def answered(self, asked: Any, *answers: Rows) -> Any:
        """What is made of answers, one for each message."""
        deferred = started(asked)
        for answer in answers:
            self.server.answer(answer)
        return success_of(deferred)

    def asked(self) -> list[tuple[str, tuple[Any, ...]]]:
        """The messages since the last call."""
        [driver] = self.server.drivers
        asked, driver.queries = driver.queries, []
        return asked

    def stop(self) -> None:
        """End it; nothing may be left."""
        success_of(self.strategy.stop())
        assert self.clock.getDelayedCalls() == []
        assert self.server.open == []


@pytest.fixture
def store() -> Any:
    """A strategy that has been started."""
    store = Store()
    success_of(store.start())
    store.asked()
    yield store
    store.stop()


def test_a_database_that_is_not_migrated() -> None:
    """The start is refused with the command to run."""
    store = Store()
    failure = failure_of(store.start(steps=0), DatabaseError)
    assert "kong migrations bootstrap" in str(failure)
    store.stop()


def test_an_emptied_log_ends_a_start_with_its_repair() -> None:
    """No node can do anything with it."""
    store = Store()
    starting = started(store.strategy.start(TABLES, migrate=False))
    store.server.answer([(["name", "at"],)])
    store.server.answer([(step.name,) for step in STEPS])
    store.server.answer([(False,)])
    error = failure_of(starting, DatabaseError)
    assert type(error) is DatabaseError
    assert "log of changes is empty" in str(error)
    assert "run 'kong migrations up'" in str(error)


def test_a_refusal_ends_a_start() -> None:
    """Who starts is told what is to be mended, and does not wait for it."""
    store = Store()
    starting = started(store.strategy.start(TABLES, migrate=False))
    store.server.asked[0].refuse(server_error("42501", "permission denied for table migrations"))
    error = failure_of(starting, DatabaseError)
    assert type(error) is DatabaseError
    assert str(error) == "PostgreSQL: permission denied for table migrations"


def test_a_refusal_is_a_database_that_is_away_to_who_runs() -> None:
    """A right that was taken from a node that runs may be given back: it serves on meanwhile."""
    store = Store()
    success_of(store.start())
    asked = started(store.strategy.select(SERVICES, "1"))
    store.server.asked[0].refuse(server_error("42501", "permission denied for table entities"))
    error = failure_of(asked, DatabaseUnavailable)
    assert str(error) == "PostgreSQL: permission denied for table entities"


def test_a_read_is_one_query(store: Store) -> None:
    """The row comes with the proof; when it is not there, the proof comes alone."""
    found = store.answered(store.strategy.select(SERVICES, "1"), [(*HEAD, '{"id":"1"}', None)])
    assert found.entity == {"id": "1"}
    assert store.answered(store.strategy.select(SERVICES, "2"), [(*HEAD, None, None)]) is None
    assert len(store.asked()) == 2


def test_a_poll_is_one_query(store: Store) -> None:
    """However many kinds and nodes there are, a poll asks once, and again only if there is word of more."""
    position = LogPosition(4, "aaaaaaaa")
    batch = store.answered(store.strategy.changes_after(position), [(*HEAD, *row(4))])
    assert batch == ChangeBatch((), position, continuous=True, more=False)
    assert len(store.asked()) == 1
    assert not store.strategy.has_news()
    assert store.clock.getDelayedCalls() == store.clock.getDelayedCalls()[:1], "the idle connection's end"


def test_a_write_is_three_messages(store: Store) -> None:
    """One to look at the row, one for its unique value; what is written goes with the commit."""
    committed = store.answered(store.strategy.apply(INSERT), [], [], [(9, "00000001", True, "00000001", 9)])
    assert committed.position == LogPosition(9, "00000001")
    look, holder, commit = store.asked()
    assert look[0].startswith("begin; ")
    assert "unique_values" in holder[0]
    statements = [each.split()[0] for each in commit[0].split(";\n")]
    assert statements == ["insert", "insert", "select", "with", "commit", "select"]
    assert "kong_changes:public" in commit[1]


def test_the_next_read_must_hold_the_write(store: Store) -> None:
    """What was written is claimed by whatever is read from then on."""
    store.answered(store.strategy.apply(INSERT), [], [], [(9, "00000001", True, "00000001", 9)])
    store.asked()
    store.answered(store.strategy.head(), [HEAD])
    assert store.asked()[0][1] == (((9, "00000001"),), 1)


def test_nothing_to_write(store: Store) -> None:
    """Where nothing changes the log is left alone, and its end is the position."""
    nothing = Commit((Write("services", "delete", "1"),), "me", 5.0)
    committed = store.answered(store.strategy.apply(nothing), [], [(*HEAD, None)])
    assert (committed.changes, committed.position) == ((), LogPosition(4, "aaaaaaaa"))
    assert "pg_advisory" not in store.asked()[-1][0]


def test_a_refusal_is_rolled_back(store: Store) -> None:
    """Who is refused leaves nothing behind, not even an open transaction."""
    writing = started(store.strategy.apply(INSERT))
    for answer in ([], [("2",)], [('{"id":"2","name":"a"}', None)], []):
        store.server.answer(answer)
    failure_of(writing, UniqueViolation)
    assert store.asked()[-1][0] == "rollback"


def test_a_lost_race(store: Store) -> None:
    """A unique index that somebody else was faster at is a lost race."""
    writing = started(store.strategy.apply(INSERT))
    store.server.answer([])
    store.server.answer([])
    store.server.asked[0].refuse(server_error("23505", "duplicate key"))
    store.server.answer()
    failure_of(writing, LostRace)


def test_no_answer_to_the_commit(store: Store) -> None:
    """Only of a commit that was sent it is not known what became of it."""
    for messages, expected in ((0, DatabaseUnavailable), (1, DatabaseUnavailable), (2, OutcomeUnknown)):
        writing = started(store.strategy.apply(INSERT))
        for _ in range(messages):
            store.server.answer([])
        with caught_warnings():
            store.server.asked[0].die()
        if messages == 0:
            # it may have died before: then another connection is tried once
            store.server.asked[0].die()
        assert type(failure_of(writing)) is expected
        store.clock.advance(1.0)


def test_lost_history_is_told_once(store: Store) -> None:
    """After a loss, whoever noticed it, the next poll is in doubt, and the one after that is not."""
    told: list[None] = []
    store.strategy.listen(lambda: told.append(None))
    store.answered(store.strategy.head(), [HEAD])
    with caught_warnings() as warnings:
        store.answered(store.strategy.head(), [(5, "bbbbbbbb", False, "bbbbbbbb")])
    assert len(warnings) == len(told) == 1
    assert store.strategy.has_news()
    position = LogPosition(4, "aaaaaaaa")
    proof = (5, "bbbbbbbb", True, "bbbbbbbbaaaaaaaa")
    rows = [(*proof, *row(4)), (*proof, *row(5, "bbbbbbbb"))]
    doubt = store.answered(store.strategy.changes_after(position), rows)
    assert doubt == ChangeBatch((), LogPosition(5, "bbbbbbbb"), continuous=False, more=False)
    assert not store.strategy.has_news()
    assert store.answered(store.strategy.changes_after(position), rows).continuous


def test_a_loss_that_the_poll_itself_notices(store: Store) -> None:
    """Is told by that poll."""
    store.answered(store.strategy.head(), [HEAD])
    with caught_warnings():
        batch = store.answered(
            store.strategy.changes_after(LogPosition(4, "aaaaaaaa")),
            [(4, "aaaaaaaa", False, "aaaaaaaa", *row(4))],
        )
    assert not batch.continuous


def test_a_report_tells_of_the_log(store: Store) -> None:
    """A node that reports itself learns how far the primary's log goes: at first after others can see it."""
    store.answered(store.strategy.changes_after(LogPosition(4, "aaaaaaaa")), [(*HEAD, *row(4))])
    member = Member("a", "b", "c", "d", 5.0, None)
    kinds = [(name, layout_of(table)) for name, table in TABLES.items()]
    report = store.strategy.report(member)
    first = store.answered(report, [(3, "99999999")], [], kinds, [], [(4, "aaaaaaaa")])
    assert first == LogPosition(4, "aaaaaaaa")
    assert not store.strategy.has_news()
    store.answered(store.strategy.report(member), [(5, "cccccccc")])
    assert store.strategy.has_news()
    store.asked()
    store.clock.advance(DEAD_AFTER)
    # It has been taken for dead, and an older node may have come.
    store.answered(store.strategy.report(member), [(5, "cccccccc")], [], kinds, [], [(5, "cccccccc")])
    assert any("from kinds" in text for text, _ in store.asked())


def test_the_log_is_forgotten_in_steps(store: Store) -> None:
    """Step by step, until one finds nothing more."""
    assert store.answered(store.strategy.trim_log(1.0), [(500,)], [(20,)], [(0,)]) == 520
    assert len(store.asked()) == 3


def test_a_replica_does_not_answer_for_the_primary() -> None:
    """Where only the replica is there the database is away, for nothing can be written."""
    clock, server = PostgresClock(), FakeServer()
    server.refusal = lambda address: server_error(None) if address == "10.0.0.1" else None
    primary, replica = (Settings(hosts=((f"10.0.0.{number}", 5432),)) for number in (1, 2))
    strategy = PostgresStrategy(primary, replica, clock, new_tag=lambda: "", make_driver=server.make)
    failure_of(strategy.ping(), DatabaseUnavailable)
    success_of(strategy.stop())


def test_its_pools(store: Store) -> None:
    """How its connections are used can be told at any time."""
    assert store.strategy.pool_use() == {"primary": PoolUse(1, 1, 0, 0)}
